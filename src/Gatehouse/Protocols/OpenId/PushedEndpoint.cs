using System.Text;
using Gatehouse.Audit;
using Gatehouse.People;
using Gatehouse.SignIn;
using Gatehouse.Wire.OAuth;

namespace Gatehouse.Protocols.OpenId;

/// <summary>The pushed authorization request endpoint (RFC 9126, 2).</summary>
public sealed class PushedEndpoint(Realms realms, ClientAuthentication authentication, AuthorizeChecks checks, PushedRequests pushed, Beginnings beginnings, AuditLog audit)
{
    /// <summary>Answers 201 with a <c>request_uri</c>.</summary>
    public async Task PushAsync(HttpContext context)
    {
        if (await Exchange.RealmAsync(context, realms) is not { } realm) return;
        var (parameters, error) = await Exchange.FormAsync(context);
        if (parameters is not null)
        {
            var (client, unknown) = await authentication.IdentifyAsync(context, realm, parameters, publicToo: true, "PUSHED_AUTHORIZATION_REQUEST_ERROR");
            error = unknown;
            if (client is not null)
            {
                Cors.Allow(context, client);
                error = parameters["request_uri"] is not null
                    ? OAuthError.InvalidRequest("A pushed request has no request_uri (RFC 9126, 2.1).")
                    : await checks.PushAsync(new AuthorizeRequest(realm, parameters) { Client = client, Pushed = true }, context.RequestAborted);
                if (error is null)
                {
                    // A client without a secret is anybody.
                    if (client.Public) beginnings.Take(realm.Name, context, parameters.All.Sum(one => one.Key.Length + one.Value.Length));
                    var uri = await pushed.KeepAsync(realm.Name, client.ClientId, parameters, context.RequestAborted);
                    await Exchange.JsonAsync(context, Encoding.UTF8.GetBytes($$"""{"request_uri":"{{uri}}","expires_in":{{PushedRequests.LifeSeconds}}}"""), 201);
                    return;
                }

                audit.NoteRefusal(Exchange.Refusal(context, realm.Name, "PUSHED_AUTHORIZATION_REQUEST_ERROR", client.ClientId, error));
            }
        }

        await Exchange.ErrorAsync(context, error!);
    }
}
