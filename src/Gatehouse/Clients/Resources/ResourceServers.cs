using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Text.Json;
using Dapper;
using Gatehouse.Storage;

namespace Gatehouse.Clients.Resources;

/// <summary>Clients' authorization settings: one document each, held in memory after first use, dropped by the change feed (<c>client</c>). A change names the version that it was made from.</summary>
public sealed class ResourceServers : IDisposable
{
    private const int Most = 1000;
    private const int LongestBody = 1_000_000;

    private readonly Database database;
    private readonly ConcurrentDictionary<(string Realm, string Client), ResourceServer> known = new();
    private readonly IDisposable hearing;
    private long age;

    /// <summary>Wires the room's parts together.</summary>
    public ResourceServers(Database database)
    {
        this.database = database;
        hearing = database.Feed.Subscribe(change =>
        {
            if (change.Kind is not ("client" or "realm")) return;
            Interlocked.Increment(ref age);
            if (change.Kind == "client" && change.Subject.Length > 0) known.TryRemove((change.Realm, change.Subject), out _);
            else known.Clear();
        });
    }

    /// <summary>The settings of a client (internal id); null when it has none, and so guards nothing.</summary>
    public ValueTask<ResourceServer?> FindAsync(string realm, string client, CancellationToken stop)
        => known.TryGetValue((realm, client), out var found) ? ValueTask.FromResult<ResourceServer?>(found) : new ValueTask<ResourceServer?>(LoadAsync(realm, client, stop));

    /// <summary>Stores settings in place of those of the version that they carry. False when somebody else changed them in between. Throws <see cref="ArgumentException"/> when they are not sound.</summary>
    public async Task<bool> PutAsync(Work work, Client client, ResourceServer settings)
    {
        if (Soundness.FaultOf(settings) is { } fault) throw new ArgumentException(fault);
        var next = settings with { Version = settings.Version + 1 };
        var body = JsonSerializer.Serialize(next);
        if (body.Length > LongestBody) throw new ArgumentException($"The authorization settings of a client have at most {LongestBody} characters altogether.");
        var values = new { realm = client.Realm, client = client.Id, old = settings.Version, version = next.Version, body };
        var count = settings.Version == 0
            ? await work.Connection.ExecuteAsync("insert into client_authorization (realm, client, version, body) values (@realm, @client, @version, @body) on conflict do nothing", values, work.Transaction)
            : await work.Connection.ExecuteAsync("update client_authorization set version = @version, body = @body where realm = @realm and client = @client and version = @old", values, work.Transaction);
        if (count == 1) await work.AnnounceAsync(new Change("client", client.Realm, client.Id, client.ClientId));
        return count == 1;
    }

    /// <summary>Changes the conditions of a realm's settings, in the transaction in which something that they name is given another name: one that is turned round and names nobody any more would let everybody in. Throws <see cref="ArgumentException"/> when they are changed in the same moment.</summary>
    public async Task RenameAsync(Work work, string realm, Func<Condition, Condition> change)
    {
        var rows = (await work.Connection.QueryAsync<(string Id, string ClientId, string Body)>("select c.id, c.client_id, a.body from client_authorization a join clients c on c.realm = a.realm and c.id = a.client where a.realm = @realm", new { realm }, work.Transaction)).AsList();
        foreach (var (id, clientId, body) in rows)
        {
            if (JsonSerializer.Deserialize<ResourceServer>(body) is not { } old) continue;
            ImmutableArray<ResourcePolicy> policies = [.. old.Policies.Select(one => change(one.Condition) is var condition && ReferenceEquals(condition, one.Condition) ? one : one with { Condition = condition })];
            if (policies.Zip(old.Policies).All(pair => ReferenceEquals(pair.First, pair.Second))) continue;
            var next = old with { Policies = policies, Version = old.Version + 1 };
            if (await work.Connection.ExecuteAsync("update client_authorization set version = @version, body = @body where realm = @realm and client = @id and version = @old", new { realm, id, old = old.Version, version = next.Version, body = JsonSerializer.Serialize(next) }, work.Transaction) != 1)
                throw new ArgumentException($"The authorization settings of the client {clientId} are being changed; try again.");
            await work.AnnounceAsync(new Change("client", realm, id, clientId));
        }
    }

    /// <summary>Forgets a client's settings.</summary>
    public async Task RemoveAsync(Work work, Client client)
    {
        await work.Connection.ExecuteAsync("delete from client_authorization where realm = @realm and client = @id", new { realm = client.Realm, id = client.Id }, work.Transaction);
        await work.AnnounceAsync(new Change("client", client.Realm, client.Id, client.ClientId));
    }

    /// <inheritdoc/>
    public void Dispose() => hearing.Dispose();

    private async Task<ResourceServer?> LoadAsync(string realm, string client, CancellationToken stop)
    {
        var before = Interlocked.Read(ref age);
        var body = await database.ReadAsync(connection => connection.ExecuteScalarAsync<string?>("select body from client_authorization where realm = @realm and client = @client", new { realm, client }), stop);
        if (body is null || JsonSerializer.Deserialize<ResourceServer>(body) is not { } loaded) return null;
        if (known.Count >= Most) known.Clear();
        // What changed while we read must not be remembered in its old form. Looked at after it is put there: a change from now on takes it away itself.
        known[(realm, client)] = loaded;
        if (Interlocked.Read(ref age) != before) known.TryRemove((realm, client), out _);
        return loaded;
    }
}
