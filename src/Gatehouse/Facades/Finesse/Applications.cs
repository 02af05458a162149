using Gatehouse.Audit;
using Gatehouse.Clients;
using Gatehouse.Credentials;
using Gatehouse.Terms;
using Gatehouse.Wire.OAuth;

namespace Gatehouse.Facades.Finesse;

/// <summary>Which application asks the identity service: by Basic or in the form (RFC 6749, 2.3.1), never both. Confidential clients alone, since the identity service knows no others.</summary>
internal sealed class Applications(ClientStore clients, AuditLog audit)
{
    // One text for unknown client, wrong secret and public client: nothing to probe.
    private static readonly OAuthError Failed = OAuthError.InvalidClient("The client is unknown, or its secret is wrong.");

    /// <summary>The client, or the error to answer, audited as <paramref name="refusal"/>.</summary>
    public async ValueTask<(Client? Client, OAuthError? Error)> IdentifyAsync(HttpContext context, Realm realm, Parameters form, string refusal)
    {
        var found = Finder.FindClient(context.Request.Headers);
        var basic = (found as Found.One)?.Credential;
        var (client, error) = found is Found.Conflict ? (null, OAuthError.InvalidRequest("The Authorization header cannot be read."))
            : basic is not null && form["client_secret"] is not null ? (null, OAuthError.InvalidRequest("The client's secret stands in the header and in the form."))
            : basic is not null && form["client_id"] is { } repeated && repeated != basic.Name ? (null, OAuthError.InvalidRequest("The client_id in the form is not the one in the header."))
            : await CheckAsync(realm, basic?.Name ?? form["client_id"], basic?.Value ?? (form["client_secret"] is { } secret ? new Secret(secret) : null), context.RequestAborted);
        if (error is not null) Note(context, realm, refusal, basic?.Name ?? form["client_id"], null, error);
        return (client, error);
    }

    /// <summary>Notes a refusal.</summary>
    public void Note(HttpContext context, Realm realm, string type, string? client, string? user, OAuthError error) => audit.NoteRefusal(new AuditEvent
    {
        Realm = realm.Name, Type = type, Client = client is { Length: > 255 } longer ? longer[..255] : client, User = user, Address = context.Connection.RemoteIpAddress?.ToString(), Error = error.Code, Details = new Dictionary<string, string> { ["reason"] = error.Description },
    });

    private async ValueTask<(Client?, OAuthError?)> CheckAsync(Realm realm, string? id, Secret? secret, CancellationToken stop)
        => id is not null && secret is not null && await clients.FindByClientIdAsync(realm.Name, id, stop) is { Enabled: true, Public: false } client && await clients.CheckSecretAsync(client, secret, stop) ? (client, null) : (null, Failed);
}
