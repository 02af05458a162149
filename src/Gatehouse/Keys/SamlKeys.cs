using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text.Json;
using Dapper;
using Gatehouse.Storage;
using Gatehouse.Wire.Saml;

namespace Gatehouse.Keys;

/// <summary>
/// Keys per realm for SAML, where partners pin certificates: they do not rotate by themselves as token keys do. A successor is staged ahead (published beside the active one), activated when the partners have taken it in, and the old one
/// retired. Sealed at rest, held in memory.
/// </summary>
public sealed class SamlKeys : IDisposable
{
    private const string Purpose = "saml key";
    private static readonly TimeSpan Life = TimeSpan.FromDays(3650);

    private readonly Database database;
    private readonly Sealer sealer;
    private readonly TimeProvider time;
    private readonly IDisposable hearing;
    private volatile FrozenDictionary<string, ImmutableArray<SamlKey>> known = FrozenDictionary<string, ImmutableArray<SamlKey>>.Empty;

    /// <summary>Wires the room's parts together.</summary>
    public SamlKeys(Database database, Sealer sealer, TimeProvider time)
    {
        (this.database, this.sealer, this.time) = (database, sealer, time);
        hearing = database.Feed.Reload("samlkeys", LoadAsync);
    }

    /// <summary>A realm's keys: the active one first, then the staged and the retiring one; makes the first when there is none.</summary>
    public async ValueTask<ImmutableArray<SamlKey>> OfAsync(string realm, CancellationToken stop)
    {
        if (known.TryGetValue(realm, out var found)) return found;
        await AddAsync(realm, SamlKeyState.Active, stop);
        return known[realm];
    }

    /// <summary>Publishes a successor beside the active key. False when one is staged already.</summary>
    public async Task<bool> StageAsync(string realm, CancellationToken stop)
    {
        await OfAsync(realm, stop);
        return await AddAsync(realm, SamlKeyState.Staged, stop);
    }

    /// <summary>Puts the staged key to use; the active one retires. False when none is staged, or one still retires.</summary>
    public Task<bool> ActivateAsync(string realm, CancellationToken stop) => MoveAsync(realm, stop, async work =>
    {
        var states = (await work.Connection.QueryAsync<string>("select slot from saml_keys where realm = @realm", new { realm }, work.Transaction)).ToHashSet();
        if (!states.Contains("Staged") || states.Contains("Retiring")) return false;
        foreach (var (from, to) in (ReadOnlySpan<(string, string)>)[("Active", "Retiring"), ("Staged", "Active")])
            work.Connection.Execute("update saml_keys set slot = @to, state = @to where realm = @realm and slot = @from", new { realm, from, to }, work.Transaction);
        return true;
    });

    /// <summary>Forgets the retiring key, or a staged one that is not wanted after all. False when there is none.</summary>
    public Task<bool> RemoveAsync(string realm, SamlKeyState state, CancellationToken stop) => state == SamlKeyState.Active ? Task.FromResult(false)
        : MoveAsync(realm, stop, async work => await work.Connection.ExecuteAsync("delete from saml_keys where realm = @realm and slot = @slot", new { realm, slot = state.ToString() }, work.Transaction) == 1);

    /// <summary>Forgets all keys of a realm that is deleted.</summary>
    public async Task RemoveAllAsync(Work work, string realm)
    {
        await work.Connection.ExecuteAsync("delete from saml_keys where realm = @realm", new { realm }, work.Transaction);
        await work.AnnounceAsync(new Change("samlkeys", realm, ""));
    }

    /// <inheritdoc/>
    public void Dispose() => hearing.Dispose();

    internal async Task LoadAsync(CancellationToken stop)
    {
        var rows = await database.ReadAsync(async connection => (await connection.QueryAsync<Row>("select id, realm, sealed, state, created_at as CreatedAt from saml_keys")).AsList(), stop);
        var before = known.Values.SelectMany(all => all).ToDictionary(one => one.Id);
        known = rows.GroupBy(row => row.Realm).ToFrozenDictionary(group => group.Key, group => group.Select(row => Open(row, before)).OrderBy(one => one.State).ToImmutableArray());
    }

    private async Task<bool> AddAsync(string realm, SamlKeyState state, CancellationToken stop)
    {
        // An RSA key takes a good part of a second: not on the thread of a socket.
        var (id, body) = await Task.Run(() => Make(realm), stop);
        return await MoveAsync(realm, stop, async work =>
            // The slot makes two nodes that both miss a key agree on one.
            await work.Connection.ExecuteAsync("insert into saml_keys (id, realm, sealed, state, slot, created_at) values (@id, @realm, @body, @state, @state, @Now) on conflict do nothing", new { id, realm, body, state = state.ToString(), work.Now }, work.Transaction) == 1);
    }

    private async Task<bool> MoveAsync(string realm, CancellationToken stop, Func<Work, Task<bool>> move)
    {
        var moved = await database.WriteAsync(async work =>
        {
            var done = await move(work);
            if (done) await work.AnnounceAsync(new Change("samlkeys", realm, ""));
            return done;
        }, stop);
        await LoadAsync(stop);
        return moved;
    }

    private (string Id, byte[] Sealed) Make(string realm)
    {
        using var rsa = RSA.Create(2048);
        var now = time.GetUtcNow();
        using var key = SamlPrivateKey.SelfSigned(rsa, realm, now.AddHours(-1), now + Life);
        var stored = JsonSerializer.SerializeToUtf8Bytes(new Stored(rsa.ExportPkcs8PrivateKey(), key.Public.Certificate.ToArray()));
        return (key.Public.Thumbprint[..16], sealer.Seal(Purpose, stored));
    }

    private SamlKey Open(Row row, Dictionary<string, SamlKey> before)
    {
        var (state, at) = (Enum.Parse<SamlKeyState>(row.State), DateTimeOffset.FromUnixTimeMilliseconds(row.CreatedAt));
        if (before.TryGetValue(row.Id, out var same)) return same with { State = state };
        if (!sealer.TryOpen(Purpose, row.Sealed, out var plain)) throw new KeyFault($"The SAML key '{row.Id}' of realm '{row.Realm}' cannot be opened; the root key is not the one that sealed it.");
        var stored = JsonSerializer.Deserialize<Stored>(plain)!;
        return new SamlKey(row.Id, state, new SamlPrivateKey(stored.Pkcs8, stored.Certificate), at);
    }

    private sealed record Stored(byte[] Pkcs8, byte[] Certificate);

    private sealed record Row(string Id, string Realm, byte[] Sealed, string State, long CreatedAt);
}
