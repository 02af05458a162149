using Gatehouse.Clients;
using Gatehouse.Credentials;
using Gatehouse.People;
using Gatehouse.Sessions;
using Gatehouse.SignIn;
using Gatehouse.Terms;
using Gatehouse.Tokens;
using Gatehouse.Tokens.Grants;

namespace Gatehouse.Facades.Gadgets;

/// <summary>
/// <c>/gadgets/session</c>: how a desktop without single sign-on comes by a token, of which its gadgets' are cut: POST with the agent's name and password (where <c>passwords</c> is on), POST with the token renews, DELETE with the token signs out. It renews only what it made. Only the desktop's own page may.
/// </summary>
internal sealed class SessionEndpoint(Ground ground, Direct direct, Issuer issuer, Issuers issuers, Verifiers verifiers, SessionStore sessions, SignOut signOut)
{
    private const string OnlySso = "sso_only";
    private const string Door = "gadgets";

    public async Task PostAsync(HttpContext context)
    {
        if (await OpenAsync(context) is not var (realm, client)) return;
        var rules = new EntryRules(client.ClientId, [OnlySso], Bar, _ => ground.Settings.Expires) { Door = Door };
        switch (Finder.FindPerson(context.Request.Headers))
        {
            case Found.One { Credential: var person } when ground.Settings.Passwords:
                await AnswerAsync(context, await direct.PasswordAsync(realm, client, rules, person.Name!, person.Value, Origin.Of(context), context.RequestAborted));
                break;
            case Found.None when Finder.Find(context.Request.Headers, null, issuers.IsTls) is Found.One { Credential: { Kind: CredentialKind.Bearer } bearer }:
                await AnswerAsync(context, await direct.RenewAsync(realm, client, rules, bearer.Value, Origin.Of(context), context.RequestAborted));
                break;
            default:
                await Reply.ProblemAsync(context, Reasons.CredentialKind);
                break;
        }
    }

    public async Task DeleteAsync(HttpContext context)
    {
        if (await OpenAsync(context) is not var (realm, client)) return;
        if (Finder.Find(context.Request.Headers, null, issuers.IsTls) is not Found.One { Credential: var bearer } || await verifiers.VerifyOwnAsync(bearer, realm.Name, context.RequestAborted) is not Verdict.Accepted { Principal: { Session: { } id } principal }
            || principal.Client != client.ClientId || principal.Door == Principal.Exchange)
        {
            await Reply.ProblemAsync(context, Reasons.CredentialKind);
            return;
        }

        if (await sessions.FindAsync(realm.Name, id, context.RequestAborted) is { } session) await signOut.EndAsync(session, client.ClientId, context.Connection.RemoteIpAddress?.ToString(), context.RequestAborted);
        context.Response.StatusCode = 204;
    }

    // Whoever is meant to sign in by their provider alone has no second door here. The attribute is Finesse's facade's, which may be off.
    private static string? Bar(User user) => user.Attributes.TryGetValue("finesse.authMode", out var mode) && mode.Any(one => one.Trim().Equals("SSO", StringComparison.OrdinalIgnoreCase)) ? OnlySso : null;

    private async Task<(Realm Realm, Client Client)?> OpenAsync(HttpContext context)
    {
        if (!Ground.IsOwn(context, issuers.PublicUrl))
        {
            await Reply.ProblemAsync(context, Reasons.CredentialCrossSite);
            return null;
        }

        var (realm, client, missing) = await ground.OpenAsync(context.RequestAborted);
        if (missing is null) return (realm!, client!);
        await Reply.ProblemAsync(context, Reasons.Internal, $"The facade is not set up: {missing}.");
        return null;
    }

    private async Task AnswerAsync(HttpContext context, DirectOutcome outcome)
    {
        if (outcome is DirectOutcome.In { User: var user, Authorization: var authorization })
        {
            var (tokens, error) = await issuer.MintAsync(authorization, context.RequestAborted);
            if (tokens is null)
            {
                await Reply.ProblemAsync(context, Reasons.TokenRevoked, error!.Description);
                return;
            }

            await Reply.JsonAsync(context, 200, writer =>
            {
                writer.WriteStartObject();
                writer.WriteString("token", tokens.AccessToken);
                writer.WriteNumber("expires_in", tokens.ExpiresIn);
                writer.WriteString("user_id", user.Username);
                writer.WriteEndObject();
            });
            return;
        }

        if (outcome is DirectOutcome.Wait wait) context.Response.Headers.RetryAfter = ((int)Math.Ceiling(wait.For.TotalSeconds)).ToString(System.Globalization.CultureInfo.InvariantCulture);
        await Reply.ProblemAsync(context, outcome switch
        {
            DirectOutcome.Wait => Reasons.CredentialThrottled,
            DirectOutcome.Unavailable => Reasons.VerifierUnavailable,
            DirectOutcome.Barred => Reasons.CredentialKind,
            DirectOutcome.Refused { Code: "invalid_user_credentials" } => Reasons.CredentialPassword,
            DirectOutcome.Refused { Code: var code } when code == Reasons.TokenDoor.Code => Reasons.TokenDoor,
            _ => Reasons.TokenRevoked,
        });
    }
}
