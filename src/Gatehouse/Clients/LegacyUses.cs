using Dapper;
using Gatehouse.Storage;

namespace Gatehouse.Clients;

/// <summary>The stored ledger of shared secrets, of all nodes.</summary>
public sealed class LegacyUses(Database database)
{
    /// <summary>Most rows of a realm; what comes after is counted among the others.</summary>
    public const int Most = 10_000;

    private const string Columns = "id, realm, secret, slot, address, agent, service, route, method, times, first_at as FirstAt, last_at as LastAt";

    /// <summary>A page in the order of ids. <paramref name="secret"/> null for all.</summary>
    public async Task<LegacyPage> ListAsync(string realm, string? secret, string? after, int limit, CancellationToken stop)
    {
        var take = Math.Clamp(limit, 1, 500);
        var rows = await database.ReadAsync(async connection => (await connection.QueryAsync<Row>(
            $"select {Columns} from legacy_uses where realm = @realm {(secret is null ? "" : "and secret = @secret")} {(after is null ? "" : "and id > @after")} order by id limit @more",
            new { realm, secret, after, more = take + 1 })).AsList(), stop);
        var page = rows.Take(take).Select(row => row.ToUse()).ToList();
        return new LegacyPage(page, rows.Count > take ? page[^1].Id : null);
    }

    /// <summary>All uses of a realm; there are never more than <see cref="Most"/> and a few.</summary>
    public async Task<IReadOnlyList<LegacyUse>> AllAsync(string realm, string? secret, CancellationToken stop)
    {
        var all = new List<LegacyUse>();
        string? after = null;
        do
        {
            var page = await ListAsync(realm, secret, after, 500, stop);
            all.AddRange(page.Uses);
            after = page.Next;
        }
        while (after is not null);
        return all;
    }

    /// <summary>Adds a node's counts.</summary>
    internal Task AddAsync(IReadOnlyList<LegacyUse> uses, CancellationToken stop)
        => database.WriteAsync(async work =>
        {
            var there = new Dictionary<string, long>();
            // In one order on all nodes, or two of them would wait for one another.
            var sorted = new SortedDictionary<string, LegacyUse>(StringComparer.Ordinal);
            foreach (var use in uses)
            {
                var kept = use;
                if (use.Key.Address != LegacyUseKey.Others && await work.Connection.ExecuteScalarAsync<long>("select count(*) from legacy_uses where realm = @Realm and id = @Id", new { use.Key.Realm, use.Id }, work.Transaction) == 0)
                {
                    if (!there.TryGetValue(use.Key.Realm, out var count)) count = await work.Connection.ExecuteScalarAsync<long>("select count(*) from legacy_uses where realm = @Realm", new { use.Key.Realm }, work.Transaction);
                    there[use.Key.Realm] = count + 1;
                    if (count >= Most) kept = use with { Key = use.Key with { Address = LegacyUseKey.Others, Agent = "" } };
                }

                if (!ReferenceEquals(kept, use)) kept = kept with { Id = kept.Key.Id() };
                sorted[kept.Id] = sorted.TryGetValue(kept.Id, out var sum) ? sum with { Times = sum.Times + kept.Times, First = Earlier(sum.First, kept.First), Last = Later(sum.Last, kept.Last) } : kept;
            }

            foreach (var use in sorted.Values) await InsertAsync(work, use);
            return true;
        }, stop);

    /// <summary>Forgets some of what was not seen since; true while there may be more.</summary>
    internal Task<bool> PruneAsync(DateTimeOffset before, CancellationToken stop)
        => database.WriteAsync(async work => await work.Connection.ExecuteAsync(
            "delete from legacy_uses where (realm, id) in (select realm, id from legacy_uses where last_at < @at limit 500)", new { at = before.ToUnixTimeMilliseconds() }, work.Transaction) == 500, stop);

    private static Task InsertAsync(Work work, LegacyUse use)
        => work.Connection.ExecuteAsync(
            """
            insert into legacy_uses (realm, id, secret, slot, address, agent, service, route, method, times, first_at, last_at)
            values (@Realm, @Id, @Secret, @slot, @Address, @Agent, @Service, @Route, @Method, @Times, @first, @last)
            on conflict (realm, id) do update set times = legacy_uses.times + excluded.times,
              first_at = case when excluded.first_at < legacy_uses.first_at then excluded.first_at else legacy_uses.first_at end,
              last_at = case when excluded.last_at > legacy_uses.last_at then excluded.last_at else legacy_uses.last_at end
            """,
            new { use.Key.Realm, use.Id, use.Key.Secret, slot = use.Key.Current ? "current" : "previous", use.Key.Address, use.Key.Agent, use.Key.Service, use.Key.Route, use.Key.Method, use.Times, first = use.First.ToUnixTimeMilliseconds(), last = use.Last.ToUnixTimeMilliseconds() },
            work.Transaction);

    private static DateTimeOffset Earlier(DateTimeOffset a, DateTimeOffset b) => a < b ? a : b;

    private static DateTimeOffset Later(DateTimeOffset a, DateTimeOffset b) => a > b ? a : b;

    private sealed class Row
    {
        public string Id { get; init; } = "";

        public string Realm { get; init; } = "";

        public string Secret { get; init; } = "";

        public string Slot { get; init; } = "";

        public string Address { get; init; } = "";

        public string Agent { get; init; } = "";

        public string Service { get; init; } = "";

        public string Route { get; init; } = "";

        public string Method { get; init; } = "";

        public long Times { get; init; }

        public long FirstAt { get; init; }

        public long LastAt { get; init; }

        public LegacyUse ToUse() => new(Id, new LegacyUseKey(Realm, Secret, Slot == "current", Address, Agent, Service, Route, Method), Times, DateTimeOffset.FromUnixTimeMilliseconds(FirstAt), DateTimeOffset.FromUnixTimeMilliseconds(LastAt));
    }
}
