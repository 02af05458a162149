using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Dapper;
using Gatehouse.Keys;
using Gatehouse.Storage;
using Gatehouse.Terms;

namespace Gatehouse.Clients;

/// <summary>Clients and their secrets. Held in memory as they are used, dropped by the change feed (<c>client</c>). Secrets are kept as keyed hashes only; two may be valid at once so that one can be rolled over.</summary>
public sealed class ClientStore : IDisposable
{
    /// <summary>Fewest characters of a secret that is set from outside.</summary>
    public const int LeastSecret = 16;

    private const string Purpose = "client secret";
    private const int Most = 20_000;

    private readonly Database database;
    private readonly Sealer sealer;
    private readonly TimeProvider time;
    private readonly ConcurrentDictionary<(string Realm, string ClientId), Known> known = new();
    private readonly IDisposable hearing;
    private long age;

    /// <summary>Wires the room's parts together.</summary>
    public ClientStore(Database database, Sealer sealer, TimeProvider time)
    {
        (this.database, this.sealer, this.time) = (database, sealer, time);
        hearing = database.Feed.Subscribe(change =>
        {
            if (change.Kind is not ("client" or "realm")) return;
            Interlocked.Increment(ref age);
            if (change.Kind == "client" && change.Detail is { } clientId) known.TryRemove((change.Realm, clientId), out _);
            else known.Clear();
        });
    }

    /// <summary>By <c>client_id</c>, from memory after first use.</summary>
    public async ValueTask<Client?> FindByClientIdAsync(string realm, string clientId, CancellationToken stop) => (await KnowAsync(realm, clientId, stop))?.Client;

    /// <summary>By internal id.</summary>
    public Task<Client?> FindAsync(string realm, string id, CancellationToken stop)
        => database.ReadAsync(async connection => Read(await connection.ExecuteScalarAsync<string?>("select body from clients where realm = @realm and id = @id", new { realm, id })), stop);

    /// <summary>A page ordered by <c>client_id</c>.</summary>
    public async Task<Page<Client>> ListAsync(string realm, string? search, string? after, int limit, CancellationToken stop)
    {
        var take = Math.Clamp(limit, 1, 1000);
        var like = $"%{(search ?? "").Replace("\\", "\\\\", StringComparison.Ordinal).Replace("%", "\\%", StringComparison.Ordinal).Replace("_", "\\_", StringComparison.Ordinal)}%";
        var rows = await database.ReadAsync(async connection => (await connection.QueryAsync<string>(
            $"select body from clients where realm = @realm {(string.IsNullOrEmpty(search) ? "" : "and client_id like @like escape '\\'")} {(after is null ? "" : "and client_id > @after")} order by client_id limit @rows",
            new { realm, like, after, rows = take + 1 })).AsList(), stop);
        var items = rows.Take(take).Select(body => Read(body)!).ToList();
        return new Page<Client>(items, rows.Count > take ? items[^1].ClientId : null);
    }

    /// <summary>The first by <c>client_id</c> that fits; null when none does. Reads a realm's clients page by page.</summary>
    public async Task<Client?> FindAsync(string realm, Func<Client, bool> fits, CancellationToken stop)
    {
        string? after = null;
        do
        {
            var page = await ListAsync(realm, null, after, 1000, stop);
            if (page.Items.FirstOrDefault(fits) is { } found) return found;
            after = page.Next;
        }
        while (after is not null);
        return null;
    }

    /// <summary>Adds a client. False when its <c>client_id</c> is taken.</summary>
    public async Task<bool> AddAsync(Work work, Client client)
    {
        Assert(client);
        var count = await work.Connection.ExecuteAsync("insert into clients (id, realm, client_id, body) values (@Id, @Realm, @ClientId, @body) on conflict do nothing",
            new { client.Id, client.Realm, client.ClientId, body = JsonSerializer.Serialize(client) }, work.Transaction);
        if (count == 1) await work.AnnounceAsync(new Change("client", client.Realm, client.Id, client.ClientId));
        return count == 1;
    }

    /// <summary>Replaces a client's settings. False when there is none or the <c>client_id</c> is taken.</summary>
    public async Task<bool> ChangeAsync(Work work, Client client)
    {
        Assert(client);
        var values = new { client.Id, client.Realm, client.ClientId, body = JsonSerializer.Serialize(client) };
        var old = await work.Connection.ExecuteScalarAsync<string?>("select client_id from clients where realm = @Realm and id = @Id", values, work.Transaction);
        if (old is null) return false;
        if (await work.Connection.ExecuteScalarAsync<long>("select count(*) from clients where realm = @Realm and client_id = @ClientId and id <> @Id", values, work.Transaction) > 0) return false;
        await work.Connection.ExecuteAsync("update clients set client_id = @ClientId, body = @body where realm = @Realm and id = @Id", values, work.Transaction);
        await work.AnnounceAsync(new Change("client", client.Realm, client.Id, old));
        if (old != client.ClientId) await work.AnnounceAsync(new Change("client", client.Realm, client.Id, client.ClientId));
        return true;
    }

    /// <summary>Deletes a client and its secrets. False when there is none.</summary>
    public async Task<bool> RemoveAsync(Work work, string realm, string id)
    {
        var clientId = await work.Connection.ExecuteScalarAsync<string?>("select client_id from clients where realm = @realm and id = @id", new { realm, id }, work.Transaction);
        if (clientId is null) return false;
        await work.Connection.ExecuteAsync("delete from client_secrets where realm = @realm and client = @id", new { realm, id }, work.Transaction);
        await work.Connection.ExecuteAsync("delete from client_authorization where realm = @realm and client = @id", new { realm, id }, work.Transaction);
        await work.Connection.ExecuteAsync("delete from clients where realm = @realm and id = @id", new { realm, id }, work.Transaction);
        await work.AnnounceAsync(new Change("client", realm, id, clientId));
        return true;
    }

    /// <summary>Deletes all clients of a realm.</summary>
    public async Task RemoveAllAsync(Work work, string realm)
    {
        await work.Connection.ExecuteAsync("delete from client_secrets where realm = @realm", new { realm }, work.Transaction);
        await work.Connection.ExecuteAsync("delete from client_authorization where realm = @realm", new { realm }, work.Transaction);
        await work.Connection.ExecuteAsync("delete from clients where realm = @realm", new { realm }, work.Transaction);
        await work.AnnounceAsync(new Change("client", realm, "", null));
    }

    /// <summary>Makes a new random secret, valid from now; older ones stay valid until <paramref name="keepOldUntil"/> (null: end at once). The text is shown once.</summary>
    public async Task<Secret> NewSecretAsync(Work work, string realm, string id, DateTimeOffset? keepOldUntil)
    {
        var secret = new Secret(SecretKinds.Make(SecretKinds.Client));
        await PutAsync(work, realm, id, secret, keepOldUntil);
        return secret;
    }

    /// <summary>Stores a given secret (import, demo) in place of all others. Throws <see cref="ArgumentException"/> when it is shorter than <see cref="LeastSecret"/>.</summary>
    public Task SetSecretAsync(Work work, string realm, string id, Secret secret)
    {
        if (secret.Reveal().Length < LeastSecret) throw new ArgumentException($"A client secret has at least {LeastSecret} characters.");
        return PutAsync(work, realm, id, secret, null);
    }

    /// <summary>Whether the secret is one of the client's valid ones: a keyed hash and a constant-time compare, no password hash.</summary>
    public async ValueTask<bool> CheckSecretAsync(Client client, Secret secret, CancellationToken stop)
    {
        if (await KnowAsync(client.Realm, client.ClientId, stop) is not { } found) return false;
        var hash = sealer.Hash(Purpose, Encoding.UTF8.GetBytes(secret.Reveal()));
        var now = time.GetUtcNow().ToUnixTimeMilliseconds();
        var right = false;
        foreach (var (kept, endsAt) in found.Secrets)
            right |= CryptographicOperations.FixedTimeEquals(kept, hash) & (endsAt is null || endsAt > now);
        return right;
    }

    /// <inheritdoc/>
    public void Dispose() => hearing.Dispose();

    private async Task PutAsync(Work work, string realm, string id, Secret secret, DateTimeOffset? keepOldUntil)
    {
        var clientId = await work.Connection.ExecuteScalarAsync<string?>("select client_id from clients where realm = @realm and id = @id", new { realm, id }, work.Transaction)
            ?? throw new ArgumentException("There is no such client.");
        // The newest of the old ones may stay for a while; all others end now.
        await work.Connection.ExecuteAsync($"delete from client_secrets where realm = @realm and client = @id {(keepOldUntil is null ? "" : "and ends_at is not null")}", new { realm, id }, work.Transaction);
        if (keepOldUntil is { } until)
            await work.Connection.ExecuteAsync("update client_secrets set ends_at = @at where realm = @realm and client = @id", new { realm, id, at = until.ToUnixTimeMilliseconds() }, work.Transaction);
        await work.Connection.ExecuteAsync("insert into client_secrets (realm, client, hash, made_at, ends_at) values (@realm, @id, @hash, @at, null)",
            new { realm, id, hash = sealer.Hash(Purpose, Encoding.UTF8.GetBytes(secret.Reveal())), at = work.Now }, work.Transaction);
        await work.AnnounceAsync(new Change("client", realm, id, clientId));
    }

    private ValueTask<Known?> KnowAsync(string realm, string clientId, CancellationToken stop)
        => known.TryGetValue((realm, clientId), out var found) ? ValueTask.FromResult<Known?>(found) : new ValueTask<Known?>(LoadAsync(realm, clientId, stop));

    private async Task<Known?> LoadAsync(string realm, string clientId, CancellationToken stop)
    {
        if (!IsClientId(clientId)) return null;
        var before = Interlocked.Read(ref age);
        var loaded = await database.ReadAsync(async connection =>
        {
            if (Read(await connection.ExecuteScalarAsync<string?>("select body from clients where realm = @realm and client_id = @clientId", new { realm, clientId })) is not { } client) return null;
            var secrets = await connection.QueryAsync<(byte[] Hash, long? EndsAt)>("select hash, ends_at from client_secrets where realm = @realm and client = @id", new { realm, id = client.Id });
            return new Known(client, [.. secrets]);
        }, stop);
        if (loaded is null) return null;
        if (known.Count >= Most) known.Clear();
        // What changed while we read must not be remembered in its old form. Looked at after it is put there: a change from now on takes it away itself.
        known[(realm, clientId)] = loaded;
        if (Interlocked.Read(ref age) != before) known.TryRemove((realm, clientId), out _);
        return loaded;
    }

    private static Client? Read(string? body) => body is null ? null : JsonSerializer.Deserialize<Client>(body);

    // RFC 6749, appendix A.1: client ids are visible ASCII.
    private static bool IsClientId(string text) => text.Length is > 0 and <= 255 && !text.Any(c => c is < '!' or > '~');

    private static void Assert(Client client)
    {
        if (!IsClientId(client.ClientId)) throw new ArgumentException("A client id has 1 to 255 visible ASCII characters.");
        foreach (var uri in client.RedirectUris.Concat(client.PostLogoutRedirectUris))
            if (!RedirectRules.IsSound(uri, out var why)) throw new ArgumentException($"The redirect address '{uri}' {why}");
    }

    private sealed record Known(Client Client, (byte[] Hash, long? EndsAt)[] Secrets);
}
