using System.Text;
using Dapper;
using Gatehouse.Keys;
using Gatehouse.Storage;

namespace Gatehouse.Federation;

/// <summary>Proofs that were used: an assertion, a ticket or a token that counts once is refused the second time, on whichever node (SAML Profiles, 4.1.4.5; RFC 7523, 3).</summary>
public sealed class UsedProofs(Database database, Sealer sealer)
{
    /// <summary>Notes a use. False when the proof was used before. <paramref name="id"/> names it among its issuer's; it is remembered until it would be refused as too old anyway.</summary>
    public async Task<bool> TakeAsync(string realm, string issuer, string id, DateTimeOffset until, CancellationToken stop)
    {
        var row = new { id = Hash(realm, issuer, id), realm, ends = until.ToUnixTimeMilliseconds() };
        return await database.WriteAsync(work => work.Connection.ExecuteAsync("insert into used_proofs (id, realm, ends_at) values (@id, @realm, @ends) on conflict do nothing", row, work.Transaction), stop) == 1;
    }

    /// <summary>Whether a proof was used before.</summary>
    public async Task<bool> HasAsync(string realm, string issuer, string id, CancellationToken stop)
    {
        var hash = Hash(realm, issuer, id);
        return await database.ReadAsync(connection => connection.ExecuteScalarAsync<long>("select count(*) from used_proofs where id = @hash", new { hash }), stop) > 0;
    }

    private string Hash(string realm, string issuer, string id) => Convert.ToHexStringLower(sealer.Hash("used proof", Encoding.UTF8.GetBytes($"{realm}\n{issuer}\n{id}")));

    internal Task PruneAsync(CancellationToken stop)
        => database.RepeatAsync(work => work.Connection.ExecuteAsync("delete from used_proofs where id in (select id from used_proofs where ends_at < @Now limit 1000)", new { work.Now }, work.Transaction), 1000, stop);
}
