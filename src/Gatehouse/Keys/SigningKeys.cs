using System.Text;
using Dapper;
using Gatehouse.Storage;
using Gatehouse.Wire.Jose;
using Microsoft.Extensions.Options;

namespace Gatehouse.Keys;

/// <summary>Signing keys per realm and algorithm, rotated by announce, use, retire; sealed at rest, held in memory. Never asks the database on a look-up once loaded.</summary>
public sealed class SigningKeys : IDisposable
{
    private const string Purpose = "signing key";

    private readonly Database database;
    private readonly Sealer sealer;
    private readonly TimeProvider time;
    private readonly KeysSettings settings;
    private readonly SemaphoreSlim loading = new(1, 1);
    private readonly IDisposable hearing;
    private volatile Ring ring = new([]);

    /// <summary>Wires the room's parts together.</summary>
    public SigningKeys(Database database, Sealer sealer, TimeProvider time, IOptions<KeysSettings> settings)
    {
        (this.database, this.sealer, this.time, this.settings) = (database, sealer, time, settings.Value);
        hearing = database.Feed.Reload("keys", LoadAsync);
    }

    /// <summary>The signer in use for a realm and algorithm; makes the first key when there is none.</summary>
    public ValueTask<JoseSigner> SignerAsync(string realm, string algorithm, CancellationToken stop)
        => ring.Signer(realm, algorithm, Now) is { } signer ? ValueTask.FromResult(signer) : new ValueTask<JoseSigner>(FirstAsync(realm, algorithm, stop));

    /// <summary>Every public key of the realm that may sign or has signed tokens still alive: what <c>certs</c> publishes.</summary>
    public ValueTask<JwkSet> PublishedAsync(string realm, CancellationToken stop) => ValueTask.FromResult(ring.Published(realm, Now));

    /// <summary>The verifier of a key id, from memory; null when the realm has no such key.</summary>
    public JoseVerifier? Verifier(string realm, string? keyId, string algorithm) => ring.Verifier(realm, keyId, algorithm, Now);

    /// <summary>Announces a new key, which is put to use after <see cref="KeysSettings.AnnounceFor"/>; the one before is retired by itself.</summary>
    public Task RotateAsync(string realm, string algorithm, CancellationToken stop)
        => AddAsync(realm, algorithm, time.GetUtcNow() + settings.AnnounceFor, null, stop);

    /// <summary>Announces a successor for each of the realm's keys that will have been used for <paramref name="life"/> when others have heard of it; returns the algorithms. Nodes that do so at once agree on one.</summary>
    public async Task<IReadOnlyList<string>> RotateDueAsync(string realm, TimeSpan life, CancellationToken stop)
    {
        var useFrom = time.GetUtcNow() + settings.AnnounceFor;
        var due = ring.Keys.Where(key => key.Realm == realm).GroupBy(key => key.Algorithm).Select(line => line.MaxBy(key => key.UseFrom)!)
            .Where(newest => newest.UseFrom + (long)life.TotalMilliseconds <= useFrom.ToUnixTimeMilliseconds()).ToList();
        var made = new List<string>();
        foreach (var newest in due)
            if (await AddAsync(realm, newest.Algorithm, useFrom, $"after {newest.Jwk.Kid}", stop)) made.Add(newest.Algorithm);
        return made;
    }

    /// <summary>All keys of a realm with their states, newest first; never the private part.</summary>
    public Task<IReadOnlyList<SigningKeyRow>> ListAsync(string realm, CancellationToken stop)
        => Task.FromResult<IReadOnlyList<SigningKeyRow>>([.. ring.Keys.Where(key => key.Realm == realm).OrderByDescending(key => key.CreatedAt)
            .Select(key => new SigningKeyRow(key.Jwk.Kid!, key.Algorithm, ring.StateOf(key, Now), DateTimeOffset.FromUnixTimeMilliseconds(key.CreatedAt)))]);

    /// <summary>Forgets all keys of a realm that is deleted: a later realm of the same name must not accept the old one's tokens.</summary>
    public async Task RemoveAllAsync(Work work, string realm)
    {
        await work.Connection.ExecuteAsync("delete from signing_keys where realm = @realm", new { realm }, work.Transaction);
        await work.AnnounceAsync(new Change("keys", realm, "", "removed"));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        hearing.Dispose();
        loading.Dispose();
    }

    internal async Task LoadAsync(CancellationToken stop)
    {
        await loading.WaitAsync(stop);
        try
        {
            var rows = await database.ReadAsync(async connection => (await connection.QueryAsync<Row>("select kid, realm, algorithm, sealed, created_at as CreatedAt, use_from as UseFrom from signing_keys")).AsList(), stop);
            var known = ring.Keys.ToDictionary(key => (key.Realm, key.Jwk.Kid!));
            var retire = (long)settings.RetireAfter.TotalMilliseconds;
            ring = new Ring([.. rows.Select(row => known.TryGetValue((row.Realm, row.Kid), out var old) ? old : Open(row, retire))]);
        }
        finally
        {
            loading.Release();
        }
    }

    private long Now => time.GetUtcNow().ToUnixTimeMilliseconds();

    private async Task<JoseSigner> FirstAsync(string realm, string algorithm, CancellationToken stop)
    {
        await AddAsync(realm, algorithm, time.GetUtcNow(), "first", stop);
        return ring.Signer(realm, algorithm, Now) ?? throw new KeyFault($"Realm '{realm}' has no {algorithm} key.");
    }

    private async Task<bool> AddAsync(string realm, string algorithm, DateTimeOffset useFrom, string? slot, CancellationToken stop)
    {
        // An RSA key takes a good part of a second: not on the thread of a socket.
        var made = await Task.Run(() => Jwk.Generate(algorithm), stop);
        var row = new
        {
            kid = made.Kid, realm, algorithm,
            body = sealer.Seal(Purpose, Encoding.UTF8.GetBytes(made.ToJson(includePrivate: true))),
            useFrom = useFrom.ToUnixTimeMilliseconds(),
            slot = slot ?? made.Kid,
        };
        var added = await database.WriteAsync(async work =>
        {
            // The slot makes two nodes that both miss the first key, or the next, agree on one.
            var count = await work.Connection.ExecuteAsync(
                "insert into signing_keys (kid, realm, algorithm, sealed, created_at, use_from, slot) values (@kid, @realm, @algorithm, @body, @at, @useFrom, @slot) on conflict do nothing",
                new { row.kid, row.realm, row.algorithm, row.body, at = work.Now, row.useFrom, row.slot }, work.Transaction);
            if (count == 1) await work.AnnounceAsync(new Change("keys", realm, made.Kid!));
            return count == 1;
        }, stop);
        await LoadAsync(stop);
        return added;
    }

    private RingKey Open(Row row, long retire)
    {
        if (!sealer.TryOpen(Purpose, row.Sealed, out var plain) || !Jwk.TryParse(plain, out var jwk, out _))
            throw new KeyFault($"Signing key '{row.Kid}' of realm '{row.Realm}' cannot be opened; the root key is not the one that sealed it.");
        return new RingKey(row.Realm, row.Algorithm, jwk, new JoseSigner(jwk, row.Algorithm), new JoseVerifier(jwk), row.CreatedAt, row.UseFrom, retire);
    }

    private sealed record Row(string Kid, string Realm, string Algorithm, byte[] Sealed, long CreatedAt, long UseFrom);
}

/// <summary>A signing key as operators see it.</summary>
/// <param name="KeyId">The <c>kid</c>.</param>
/// <param name="Algorithm">JOSE algorithm.</param>
/// <param name="State"><c>announced</c>, <c>active</c>, <c>retiring</c> or <c>retired</c>.</param>
/// <param name="CreatedAt">When it was made.</param>
public sealed record SigningKeyRow(string KeyId, string Algorithm, string State, DateTimeOffset CreatedAt);
