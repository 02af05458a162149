using Dapper;
using Gatehouse.Storage;

namespace Gatehouse.Audit;

/// <summary>The ledger of observe mode in the database: groups and hours, to which every node adds.</summary>
public sealed class ObservedStore(Database database)
{
    private const string Columns = "id, realm, service, rule, reason, missing, kind, name, agent, method, path, times, first_at as FirstAt, last_at as LastAt, acknowledged_at as AcknowledgedAt, acknowledged_by as AcknowledgedBy, note";
    private const string Open = "(acknowledged_at is null or (kind in ('Others', 'Network') and acknowledged_at < last_at))";

    /// <summary>A page of groups, the last seen first.</summary>
    public async Task<Page<ObservedGroup>> ListAsync(ObservedQuery query, CancellationToken stop)
    {
        var take = Math.Clamp(query.Limit, 1, 500);
        var mark = query.After?.Split('.', 2);
        var at = 0L;
        if (mark is not null && (mark.Length != 2 || !long.TryParse(mark[0], out at) || !StoredText.IsSound(mark[1]))) throw new ArgumentException("The cursor is not one of this list.");
        if (query.Service is not null && !StoredText.IsSound(query.Service)) return new Page<ObservedGroup>([], null);
        var rows = await database.ReadAsync(async connection => (await connection.QueryAsync<Row>(
            $"""
            select {Columns} from observed where realm = @Realm
              {(query.Service is null ? "" : "and service = @Service")} {(query.Since is null ? "" : "and last_at >= @since")} {(query.OpenOnly ? "and " + Open : "")}
              {(mark is null ? "" : "and (last_at < @at or (last_at = @at and id > @last))")} order by last_at desc, id limit @rows
            """, new { query.Realm, query.Service, since = query.Since?.ToUnixTimeMilliseconds(), at, last = mark?[1], rows = take + 1 })).AsList(), stop);
        var items = rows.Take(take).Select(row => row.ToGroup()).ToList();
        return new Page<ObservedGroup>(items, rows.Count > take ? $"{items[^1].Last.ToUnixTimeMilliseconds()}.{items[^1].Id}" : null);
    }

    /// <summary>The groups whose id begins so, two at most: more than one is one too many.</summary>
    public Task<IReadOnlyList<ObservedGroup>> FindAsync(string realm, string begins, CancellationToken stop)
        => begins.Length is 0 or > 32 || !begins.All(char.IsAsciiHexDigitLower) ? Task.FromResult<IReadOnlyList<ObservedGroup>>([])
            : database.ReadAsync<IReadOnlyList<ObservedGroup>>(async connection => [.. (await connection.QueryAsync<Row>($"select {Columns} from observed where realm = @realm and id >= @begins and id < @end order by id limit 2", new { realm, begins, end = begins + "g" })).Select(row => row.ToGroup())], stop);

    /// <summary>Notes that those of a group may be refused, or takes that back (<paramref name="by"/> null). False when there is no such group.</summary>
    public async Task<bool> AcknowledgeAsync(Work work, string realm, string id, string? by, string? note)
        => await work.Connection.ExecuteAsync("update observed set acknowledged_at = @at, acknowledged_by = @by, note = @note where realm = @realm and id = @id",
            new { realm, id, at = by is null ? null : (long?)work.Now, by = by is null ? null : StoredText.Clean(by, 200), note = by is null || note is null ? null : StoredText.Clean(note, 1000) }, work.Transaction) > 0;

    /// <summary>The numbers of each rule: <paramref name="days"/> is how long nobody may have been in the way for it to be safe.</summary>
    public async Task<IReadOnlyList<ObservedNumbers>> CountAsync(string realm, string? service, int days, DateTimeOffset now, CancellationToken stop)
    {
        if (service is not null && !StoredText.IsSound(service)) return [];
        var only = service is null ? "" : "and service = @service";
        var at = now.ToUnixTimeMilliseconds();
        // Hours that have begun within the time: the oldest is counted as a whole.
        var given = new { realm, service, day = Hour(now.AddDays(-1)) + 1, week = Hour(now.AddDays(-7)) + 1, since = Hour(now.AddDays(-days)), from = now.AddDays(-days).ToUnixTimeMilliseconds() };
        var (hours, groups) = await database.ReadAsync(async connection => (
            (await connection.QueryAsync<Hours>(
                $"""
                select service, rule, min(hour) as FirstHour, max(until_at) as UntilAt,
                  cast(sum(case when hour >= @day then passed else 0 end) as bigint) as DayPassed, cast(sum(case when hour >= @day then refused else 0 end) as bigint) as DayRefused,
                  cast(sum(case when hour >= @week then passed else 0 end) as bigint) as WeekPassed, cast(sum(case when hour >= @week then refused else 0 end) as bigint) as WeekRefused,
                  cast(sum(case when hour >= @since then passed + refused else 0 end) as bigint) as Lately
                from observed_hours where realm = @realm {only} group by service, rule
                """, given)).AsList(),
            (await connection.QueryAsync<Groups>(
                $"""
                select service, rule, max(last_at) as LastAt, count(distinct case when last_at >= @from then kind || ' ' || name || ' ' || agent end) as Whos,
                  cast(sum(case when last_at >= @from and {Open} then 1 else 0 end) as bigint) as Unsettled
                from observed where realm = @realm {only} group by service, rule
                """, given)).ToDictionary(one => (one.Service, one.Rule))), stop);
        return [.. hours.Select(one => Numbers(one, groups.GetValueOrDefault((one.Service, one.Rule)))).OrderBy(one => one.Service, StringComparer.Ordinal).ThenBy(one => one.Rule, StringComparer.Ordinal)];

        ObservedNumbers Numbers(Hours hours, Groups? groups) => new(hours.Service, hours.Rule, hours.DayPassed + hours.DayRefused, hours.DayRefused, hours.WeekPassed + hours.WeekRefused, hours.WeekRefused,
            groups is null ? null : DateTimeOffset.FromUnixTimeMilliseconds(groups.LastAt), (int)(groups?.Whos ?? 0), (int)(groups?.Unsettled ?? 0), DateTimeOffset.FromUnixTimeMilliseconds(hours.FirstHour * 3_600_000),
            DateTimeOffset.FromUnixTimeMilliseconds(hours.UntilAt), hours.FirstHour <= Hour(now.AddDays(-days)), hours.Lately > 0, days, now);
    }

    internal Task<bool> AddAsync(IReadOnlyList<ObservedDelta> deltas, CancellationToken stop)
        => database.WriteAsync(async work =>
        {
            // Those that stand for many come last, in their own order.
            var others = new SortedDictionary<string, ObservedDelta>(StringComparer.Ordinal);
            var unproven = new Dictionary<string, long>();
            foreach (var delta in deltas)
            {
                if (delta.Key.Kind == ObservedKind.Others)
                {
                    Gather(others, delta);
                    continue;
                }

                if (await UpdateAsync(work, delta)) continue;
                if (delta.Key.Kind is ObservedKind.Address or ObservedKind.Network)
                {
                    // What other nodes, and this one before its last start, have written counts too.
                    var realm = delta.Key.Realm;
                    if (!unproven.TryGetValue(realm, out var there)) there = await work.Connection.ExecuteScalarAsync<long>("select count(*) from observed where realm = @realm and kind in ('Address', 'Network')", new { realm }, work.Transaction);
                    unproven[realm] = there;
                    if (there >= ObservedLedger.MostUnproven)
                    {
                        var key = delta.Key with { Kind = ObservedKind.Others, Missing = "", Name = "", Agent = "" };
                        Gather(others, delta with { Key = key, Id = key.Id() });
                        continue;
                    }

                    unproven[realm]++;
                }

                await InsertAsync(work, delta);
            }

            foreach (var delta in others.Values)
                if (!await UpdateAsync(work, delta)) await InsertAsync(work, delta);
            return true;
        }, stop);

    internal Task<bool> AddAsync(IReadOnlyList<ObservedHour> hours, CancellationToken stop)
        => database.WriteAsync(async work =>
        {
            foreach (var one in hours)
            {
                await work.Connection.ExecuteAsync(
                    """
                    insert into observed_hours (realm, service, rule, hour, passed, refused, until_at) values (@Realm, @Service, @Rule, @Hour, @Passed, @Refused, @Until)
                    on conflict (realm, service, rule, hour) do update set passed = observed_hours.passed + excluded.passed, refused = observed_hours.refused + excluded.refused, until_at = excluded.until_at
                    """, one, work.Transaction);
            }

            return true;
        }, stop);

    /// <summary>Forgets some of what was not seen since; true while there may be more.</summary>
    internal Task<bool> PruneAsync(DateTimeOffset before, CancellationToken stop)
        => database.WriteAsync(async work =>
        {
            var given = new { at = before.ToUnixTimeMilliseconds(), hour = Hour(before) };
            var groups = await work.Connection.ExecuteAsync("delete from observed where (realm, id) in (select realm, id from observed where last_at < @at limit 500)", given, work.Transaction);
            var hours = await work.Connection.ExecuteAsync("delete from observed_hours where (realm, service, rule, hour) in (select realm, service, rule, hour from observed_hours where hour < @hour limit 500)", given, work.Transaction);
            return groups == 500 || hours == 500;
        }, stop);

    private static void Gather(SortedDictionary<string, ObservedDelta> others, ObservedDelta more)
        => others[more.Id] = others.TryGetValue(more.Id, out var sum) ? sum with { Times = sum.Times + more.Times, First = Math.Min(sum.First, more.First), Last = Math.Max(sum.Last, more.Last) } : more;

    private static long Hour(DateTimeOffset at) => at.ToUnixTimeMilliseconds() / 3_600_000;

    private static async Task<bool> UpdateAsync(Work work, ObservedDelta delta)
        => await work.Connection.ExecuteAsync("update observed set times = times + @Times, last_at = case when last_at < @Last then @Last else last_at end where realm = @Realm and id = @Id", new { delta.Times, delta.Last, delta.Key.Realm, delta.Id }, work.Transaction) > 0;

    private static Task InsertAsync(Work work, ObservedDelta delta)
        => work.Connection.ExecuteAsync(
            """
            insert into observed (realm, id, service, rule, reason, missing, kind, name, agent, method, path, times, first_at, last_at)
            values (@Realm, @Id, @Service, @Rule, @Reason, @Missing, @kind, @Name, @Agent, @Method, @Path, @Times, @First, @Last)
            on conflict (realm, id) do update set times = observed.times + excluded.times, last_at = case when observed.last_at < excluded.last_at then excluded.last_at else observed.last_at end
            """, new { delta.Key.Realm, delta.Id, delta.Key.Service, delta.Key.Rule, delta.Key.Reason, delta.Key.Missing, kind = delta.Key.Kind.ToString(), delta.Key.Name, delta.Key.Agent, delta.Method, delta.Path, delta.Times, delta.First, delta.Last }, work.Transaction);

    private sealed class Hours
    {
        public string Service { get; init; } = "";

        public string Rule { get; init; } = "";

        public long FirstHour { get; init; }

        public long UntilAt { get; init; }

        public long DayPassed { get; init; }

        public long DayRefused { get; init; }

        public long WeekPassed { get; init; }

        public long WeekRefused { get; init; }

        public long Lately { get; init; }
    }

    private sealed class Groups
    {
        public string Service { get; init; } = "";

        public string Rule { get; init; } = "";

        public long LastAt { get; init; }

        public long Whos { get; init; }

        public long Unsettled { get; init; }
    }

    private sealed class Row
    {
        public string Id { get; init; } = "";

        public string Realm { get; init; } = "";

        public string Service { get; init; } = "";

        public string Rule { get; init; } = "";

        public string Reason { get; init; } = "";

        public string Missing { get; init; } = "";

        public string Kind { get; init; } = "";

        public string Name { get; init; } = "";

        public string Agent { get; init; } = "";

        public string Method { get; init; } = "";

        public string Path { get; init; } = "";

        public long Times { get; init; }

        public long FirstAt { get; init; }

        public long LastAt { get; init; }

        public long? AcknowledgedAt { get; init; }

        public string? AcknowledgedBy { get; init; }

        public string? Note { get; init; }

        public ObservedGroup ToGroup() => new(Id, new ObservedKey(Realm, Service, Rule, Reason, Missing, Enum.TryParse<ObservedKind>(Kind, out var kind) ? kind : ObservedKind.Others, Name, Agent), Method, Path, Times,
            DateTimeOffset.FromUnixTimeMilliseconds(FirstAt), DateTimeOffset.FromUnixTimeMilliseconds(LastAt),
            AcknowledgedAt is { } at ? new ObservedAcknowledgement(DateTimeOffset.FromUnixTimeMilliseconds(at), AcknowledgedBy ?? "", Note ?? "") : null);
    }
}
