using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Dapper;
using Gatehouse.Keys;
using Gatehouse.Storage;

namespace Gatehouse.Federation;

/// <summary>Stored attempts, sealed: what they keep (code verifier, nonce) is nobody else's business.</summary>
public sealed class Attempts(Database database, Sealer sealer, TimeProvider time)
{
    private const string Purpose = "federation attempt";

    /// <summary>A new id.</summary>
    public static string NewId() => Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(24));

    /// <summary>Stores an attempt; one of the same id stays as it is.</summary>
    public Task KeepAsync(Attempt attempt, CancellationToken stop)
        => database.WriteAsync(work => work.Connection.ExecuteAsync("insert into federation_attempts (id, realm, body, ends_at) values (@id, @Realm, @body, @ends) on conflict do nothing",
            new { id = Hash(attempt.Id), attempt.Realm, body = sealer.Seal(Purpose, JsonSerializer.SerializeToUtf8Bytes(attempt)), ends = attempt.EndsAt.ToUnixTimeMilliseconds() }, work.Transaction), stop);

    /// <summary>Takes an attempt: null when it is unknown, taken before, another realm's, or too old.</summary>
    public async Task<Attempt?> TakeAsync(string realm, string id, CancellationToken stop)
    {
        if (id.Length is 0 or > 64) return null;
        var hash = Hash(id);
        var body = await database.WriteAsync(work => work.Connection.ExecuteScalarAsync<byte[]?>("delete from federation_attempts where id = @hash and realm = @realm returning body", new { hash, realm }, work.Transaction), stop);
        return body is not null && sealer.TryOpen(Purpose, body, out var plain) && JsonSerializer.Deserialize<Attempt>(plain) is { } found && found.EndsAt > time.GetUtcNow() ? found : null;
    }

    /// <summary>Whether an attempt is under way.</summary>
    public async Task<bool> IsOpenAsync(string realm, string id, CancellationToken stop)
    {
        if (id.Length is 0 or > 64) return false;
        var values = new { hash = Hash(id), realm, now = time.GetUtcNow().ToUnixTimeMilliseconds() };
        return await database.ReadAsync(connection => connection.ExecuteScalarAsync<long>("select count(*) from federation_attempts where id = @hash and realm = @realm and ends_at > @now", values), stop) > 0;
    }

    internal Task PruneAsync(CancellationToken stop)
        => database.RepeatAsync(work => work.Connection.ExecuteAsync("delete from federation_attempts where id in (select id from federation_attempts where ends_at < @Now limit 1000)", new { work.Now }, work.Transaction), 1000, stop);

    private string Hash(string id) => Convert.ToHexStringLower(sealer.Hash(Purpose, Encoding.UTF8.GetBytes(id)));
}
