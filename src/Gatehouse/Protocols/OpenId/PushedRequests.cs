using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text.Json;
using Dapper;
using Gatehouse.Storage;
using Gatehouse.Wire.OAuth;

namespace Gatehouse.Protocols.OpenId;

/// <summary>Pushed authorization requests (RFC 9126): good once, for a minute, for the client that pushed.</summary>
public sealed class PushedRequests(Database database)
{
    /// <summary>How a pushed request's <c>request_uri</c> begins (RFC 9126, 2.2).</summary>
    public const string Prefix = "urn:ietf:params:oauth:request_uri:";

    /// <summary>Seconds for which a pushed request is kept.</summary>
    public const int LifeSeconds = 60;

    /// <summary>Keeps a request and returns its <c>request_uri</c>.</summary>
    public async Task<string> KeepAsync(string realm, string clientId, Parameters parameters, CancellationToken stop)
    {
        var id = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));
        var kept = parameters.All.Where(one => one.Key is not ("client_secret" or "client_assertion" or "client_assertion_type")).ToDictionary();
        kept["client_id"] = clientId;
        await database.WriteAsync(async work =>
        {
            await work.Connection.ExecuteAsync("delete from pushed_requests where id in (select id from pushed_requests where ends_at < @Now limit 100)", new { work.Now }, work.Transaction);
            return await work.Connection.ExecuteAsync("insert into pushed_requests (id, realm, client_id, body, ends_at) values (@id, @realm, @clientId, @body, @ends)",
                new { id, realm, clientId, body = JsonSerializer.Serialize(kept), ends = work.Now + LifeSeconds * 1000L }, work.Transaction);
        }, stop);
        return Prefix + id;
    }

    /// <summary>Takes a pushed request.</summary>
    public async Task<(Parameters? Parameters, OAuthError? Error)> TakeAsync(string realm, string requestUri, string? clientId, CancellationToken stop)
    {
        if (requestUri.Length > 128 || clientId is null) return (null, OAuthError.InvalidRequest("The pushed request needs its client_id."));
        var id = requestUri[Prefix.Length..];
        var body = await database.WriteAsync(work => work.Connection.ExecuteScalarAsync<string?>(
            "delete from pushed_requests where id = @id and realm = @realm and client_id = @clientId and ends_at > @Now returning body", new { id, realm, clientId, work.Now }, work.Transaction), stop);
        return body is null ? (null, OAuthError.InvalidRequest("The pushed request is unknown, used or too old. Go back to the application and start again.")) : (Parameters.Of(JsonSerializer.Deserialize<Dictionary<string, string>>(body)!), null);
    }
}
