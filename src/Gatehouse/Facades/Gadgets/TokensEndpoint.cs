using System.Text.Json;
using Gatehouse.Credentials;
using Gatehouse.SignIn;
using Gatehouse.Terms;
using Gatehouse.Tokens;

namespace Gatehouse.Facades.Gadgets;

/// <summary><c>POST /gadgets/tokens</c>: the desktop brings the agent's token and is given, for each gadget, what that gadget may hold: a token cut to it, and the security token for the proxy. <c>?gadget=</c> names one of them.</summary>
internal sealed class TokensEndpoint(Ground ground, Verifiers verifiers, Direct direct, Issuer issuer, Issuers issuers, Specs specs, GadgetStops stops, SecurityTokens tokens, TimeProvider time)
{
    // The frame's clock and ours, and a request under way while the next token comes.
    private static readonly TimeSpan Headroom = TimeSpan.FromMinutes(1);

    public async Task AskAsync(HttpContext context)
    {
        var (realm, client, missing) = await ground.OpenAsync(context.RequestAborted);
        if (missing is not null)
        {
            await Reply.ProblemAsync(context, Reasons.Internal, $"The facade is not set up: {missing}.");
            return;
        }

        var found = Finder.Find(context.Request.Headers, null, issuers.IsTls);
        var verdict = found is Found.One { Credential: var bearer } ? await verifiers.VerifyOwnAsync(bearer, realm!.Name, context.RequestAborted) : new Verdict.Rejected(found is Found.Conflict conflict ? conflict.Reason : Reasons.CredentialMissing);
        // A token of another application in the same session is no desktop's: it would fetch what the desktop's gadgets may.
        if (verdict is Verdict.Accepted { Principal: { Kind: PrincipalKind.User } shown } && !shown.IsFor(client!.ClientId)) verdict = new Verdict.Rejected(Reasons.TokenAudience);
        if (verdict is not Verdict.Accepted { Principal: { Kind: PrincipalKind.User, Session: not null } principal })
        {
            context.Response.Headers.WWWAuthenticate = "Bearer";
            await Reply.ProblemAsync(context, verdict is Verdict.Rejected rejected ? rejected.Reason : Reasons.CredentialKind);
            return;
        }

        var full = ((Found.One)found).Credential.Value;
        var wanted = context.Request.Query["gadget"].ToString();
        if (wanted.Length > 0 && ground.Find(wanted) is null)
        {
            await Reply.ProblemAsync(context, Reasons.NotFound);
            return;
        }

        List<Shown> all = [];
        foreach (var gadget in ground.Settings.List.Where(one => wanted.Length == 0 || one.Id == wanted))
        {
            var (spec, fault) = await specs.FindAsync(gadget, context.RequestAborted);
            var (token, seconds, refused) = stops.Has(realm!.Name, gadget.Id) ? (null, 0, "The gadget is stopped.") : gadget.IsFull ? (full.Reveal(), (int)(principal.Until - time.GetUtcNow()).TotalSeconds, null) : await NarrowAsync(context, realm, client!, full, gadget);
            all.Add(new Shown(gadget, spec, fault, token, seconds, refused));
        }

        var (language, country) = FrameEndpoint.LocaleOf(context.Request.Query["lang"], context.Request.Query["country"]);
        var titles = new Dictionary<string, string>();
        foreach (var one in all)
            titles[one.Gadget.Id] = one.Gadget.Title.Length > 0 ? one.Gadget.Title : one.Spec is null ? one.Gadget.Id : new SpecText(await specs.WordsAsync(one.Spec, language, country, context.RequestAborted), new Dictionary<string, string>(), one.Gadget.Id, false).Plain(one.Spec.Title);
        await Reply.JsonAsync(context, 200, writer =>
        {
            writer.WriteStartObject();
            writer.WriteStartArray("gadgets");
            foreach (var one in all) Write(writer, one, titles[one.Gadget.Id], principal);
            writer.WriteEndArray();
            writer.WriteEndObject();
        });
    }

    private async Task<(string? Token, int Seconds, string? Refused)> NarrowAsync(HttpContext context, Realm realm, Clients.Client client, Secret full, GadgetEntry gadget)
    {
        var outcome = await direct.NarrowAsync(realm, client, full, new GadgetCut(gadget.Id, [.. gadget.Roles], gadget.Life), [.. gadget.Audiences], Origin.Of(context), context.RequestAborted);
        if (outcome is not DirectOutcome.In { Authorization: var authorization }) return (null, 0, outcome is DirectOutcome.Refused no ? no.Code : "unavailable");
        var (made, error) = await issuer.MintAsync(authorization, context.RequestAborted);
        return made is null ? (null, 0, error!.Description) : (made.AccessToken, made.ExpiresIn, null);
    }

    private void Write(Utf8JsonWriter writer, Shown one, string title, Principal principal)
    {
        var id = one.Gadget.Id;
        writer.WriteStartObject();
        writer.WriteString("id", id);
        writer.WriteString("title", title.Length > 0 ? title : id);
        writer.WriteString("spec", one.Gadget.Spec);
        writer.WriteString("trust", one.Gadget.Trust);
        writer.WriteStartArray("audiences");
        foreach (var audience in one.Gadget.Audiences) writer.WriteStringValue(audience);
        writer.WriteEndArray();
        writer.WriteNumber("height", one.Spec?.Height ?? 120);
        if (one.Spec?.Page is { } page) writer.WriteString("page", page.AbsoluteUri);
        if (one.Fault is not null) writer.WriteString("error", $"The gadget's specification cannot be used: {one.Fault}");
        else if (one.Refused is not null) writer.WriteString("error", one.Refused);
        if (one.Token is not null)
        {
            writer.WriteString("token", one.Token);
            writer.WriteNumber("expires_in", one.Seconds);
            writer.WriteString("st", tokens.Make(new SecurityToken(principal.Realm, id, principal.Session!, principal.Subject, (time.GetUtcNow() + TimeSpan.FromSeconds(one.Seconds) + Headroom).ToUnixTimeSeconds())));
        }

        writer.WriteEndObject();
    }

    private sealed record Shown(GadgetEntry Gadget, GadgetSpec? Spec, string? Fault, string? Token, int Seconds, string? Refused);
}
