using System.Collections.Concurrent;
using Dapper;
using Gatehouse.Storage;

namespace Gatehouse.Tokens;

/// <summary>A gadget that is stopped.</summary>
/// <param name="Realm">Realm.</param>
/// <param name="Gadget">Its id.</param>
/// <param name="At">Since when.</param>
public sealed record GadgetStop(string Realm, string Gadget, DateTimeOffset At);

/// <summary>The kill switch of each gadget: while it is stopped none of its tokens counts and none is made. In memory, spread by the feed.</summary>
public sealed class GadgetStops : IDisposable
{
    private readonly Database database;
    private readonly Revocations revocations;
    private readonly ConcurrentDictionary<(string Realm, string Gadget), bool> stopped = new();
    private readonly IDisposable hearing;

    /// <summary>Wires the room's parts together.</summary>
    public GadgetStops(Database database, Revocations revocations)
    {
        (this.database, this.revocations) = (database, revocations);
        hearing = database.Feed.Subscribe(change =>
        {
            if (change.Kind == "gadget.stopped") stopped[(change.Realm, change.Subject)] = true;
            else if (change.Kind == "gadget.allowed") stopped.TryRemove((change.Realm, change.Subject), out _);
        });
    }

    /// <summary>Whether it is stopped; memory only, asked on every request that brings a gadget's token.</summary>
    public bool Has(string realm, string gadget) => stopped.ContainsKey((realm, gadget));

    /// <summary>Stops a gadget. What was issued so far is revoked as well, so that allowing it again brings nothing back.</summary>
    public async Task StopAsync(Work work, string realm, string gadget)
    {
        await work.Connection.ExecuteAsync("insert into gadget_stops (realm, gadget, at) values (@realm, @gadget, @at) on conflict (realm, gadget) do nothing", new { realm, gadget, at = work.Now }, work.Transaction);
        // Announced in this order: whoever hears of the revocation asks anew, and finds the gadget stopped.
        await work.AnnounceAsync(new Change("gadget.stopped", realm, gadget));
        await revocations.AddAsync(work, RevocationKind.Gadget, realm, gadget);
    }

    /// <summary>Allows it again; false when it was not stopped. What it held before stays dead: what another node issued while it had not heard yet is, too.</summary>
    public async Task<bool> AllowAsync(Work work, string realm, string gadget)
    {
        if (await work.Connection.ExecuteAsync("delete from gadget_stops where realm = @realm and gadget = @gadget", new { realm, gadget }, work.Transaction) == 0) return false;
        await revocations.AddAsync(work, RevocationKind.Gadget, realm, gadget);
        await work.AnnounceAsync(new Change("gadget.allowed", realm, gadget));
        return true;
    }

    /// <summary>All that are stopped in a realm.</summary>
    public async Task<IReadOnlyList<GadgetStop>> ListAsync(string realm, CancellationToken stop)
    {
        var rows = await database.ReadAsync(async connection => (await connection.QueryAsync<(string Gadget, long At)>("select gadget, at from gadget_stops where realm = @realm order by gadget", new { realm })).AsList(), stop);
        return [.. rows.Select(row => new GadgetStop(realm, row.Gadget, DateTimeOffset.FromUnixTimeMilliseconds(row.At)))];
    }

    /// <inheritdoc/>
    public void Dispose() => hearing.Dispose();

    internal async Task LoadAsync(CancellationToken stop)
    {
        var rows = await database.ReadAsync(async connection => (await connection.QueryAsync<(string Realm, string Gadget)>("select realm, gadget from gadget_stops")).AsList(), stop);
        foreach (var (realm, gadget) in rows) stopped[(realm, gadget)] = true;
    }
}
