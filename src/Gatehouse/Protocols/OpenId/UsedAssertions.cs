using Dapper;
using Gatehouse.Storage;

namespace Gatehouse.Protocols.OpenId;

/// <summary>Client assertions that were used: each <c>jti</c> counts once, on all nodes (RFC 7523, 3, point 7).</summary>
public sealed class UsedAssertions(Database database)
{
    /// <summary>Takes a <c>jti</c>; false when it was taken before.</summary>
    public Task<bool> TakeAsync(string realm, string clientId, string jti, DateTimeOffset until, CancellationToken stop)
        => database.WriteAsync(async work =>
        {
            await work.Connection.ExecuteAsync("delete from used_assertions where ends_at < @Now", new { work.Now }, work.Transaction);
            return await work.Connection.ExecuteAsync("insert into used_assertions (realm, client_id, jti, ends_at) values (@realm, @clientId, @jti, @ends) on conflict do nothing",
                new { realm, clientId, jti, ends = until.ToUnixTimeMilliseconds() }, work.Transaction) == 1;
        }, stop);
}
