using System.Collections.Concurrent;
using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Text.Json;
using Dapper;
using Gatehouse.Keys;
using Gatehouse.Outbound;
using Gatehouse.Storage;
using Gatehouse.Terms;

namespace Gatehouse.Federation;

/// <summary>The upstreams of all realms, held in memory, kept fresh by the change feed (<c>upstream</c>). A live one is opened when it is first used, and anew after a change.</summary>
public sealed class Upstreams : IDisposable
{
    private const string Purpose = "upstream secrets";
    private static readonly TimeSpan Again = TimeSpan.FromSeconds(10);

    private readonly Database database;
    private readonly Sealer sealer;
    private readonly Surroundings surroundings;
    private readonly TimeProvider time;
    private readonly ConcurrentDictionary<string, Live> live = new();
    private readonly IDisposable hearing;
    private volatile FrozenDictionary<string, ImmutableArray<Upstream>> known = FrozenDictionary<string, ImmutableArray<Upstream>>.Empty;

    /// <summary>Wires the room's parts together.</summary>
    public Upstreams(Database database, Sealer sealer, OutboundHttp http, SamlKeys samlKeys, UsedProofs used, TimeProvider time, Microsoft.Extensions.Options.IOptions<FederationSettings> settings)
    {
        (this.database, this.sealer, this.time) = (database, sealer, time);
        surroundings = new Surroundings(http, time, settings.Value.PublicUrl.TrimEnd('/')) { SamlKeys = samlKeys, Used = used, CertificateUrl = settings.Value.CertificateUrl };
        hearing = database.Feed.Reload("upstream", LoadAsync);
    }

    /// <summary>A live upstream with its breaker.</summary>
    public sealed record Live(Upstream Settings, IUpstream Upstream, Breaker Breaker)
    {
        /// <summary>When it was opened, by the clock's timestamp.</summary>
        internal long OpenedAt { get; init; }
    }

    /// <summary>Those of all realms.</summary>
    public IEnumerable<Upstream> All => known.Values.SelectMany(all => all);

    /// <summary>Those of a realm, in their order.</summary>
    public ImmutableArray<Upstream> Of(string realm) => known.GetValueOrDefault(realm, []);

    /// <summary>The realm's upstreams that ask browsers for tickets.</summary>
    public ImmutableArray<(Upstream Upstream, IAsksForTickets Asks)> TicketAskers(string realm) => [.. Of(realm).Where(one => one.Enabled).Select(one => (one, Asks: Open(one).Upstream as IAsksForTickets)).Where(one => one.Asks is not null).Select(one => (one.one, one.Asks!))];

    /// <summary>What somebody should see to, of all realms.</summary>
    public IEnumerable<(Upstream Upstream, string Alarm)> Alarms()
        => known.Values.SelectMany(all => all).Where(one => one.Enabled).SelectMany(one => Open(one).Upstream is IAsksForTickets asks ? asks.Alarms().Select(alarm => (one, alarm)) : []);

    /// <summary>By alias; null when there is none.</summary>
    public Upstream? Find(string realm, string alias) => Of(realm).FirstOrDefault(one => one.Alias == alias);

    /// <summary>The one that claims a login name, by its domain (<c>mina@agents.example</c>) or its form (<c>partner-*</c>); null when none does.</summary>
    public Upstream? HomeOf(string realm, string username)
    {
        var name = username.Trim();
        var domain = name[(name.LastIndexOf('@') + 1)..].ToLowerInvariant();
        return Of(realm).FirstOrDefault(one => one.Enabled && ((domain.Length < name.Length && one.Domains.Contains(domain)) || one.LoginNames.Any(pattern => new MappingRule("name", pattern, MappingTarget.Attribute, "name").Match(name) is not null)));
    }

    /// <summary>A live one, opened at first use.</summary>
    public Live Open(Upstream upstream)
    {
        if (live.TryGetValue(upstream.Id, out var open) && ReferenceEquals(open.Settings, upstream) && !(open.Upstream is BrokenUpstream && time.GetElapsedTime(open.OpenedAt) > Again)) return open;
        return live[upstream.Id] = new Live(upstream, Make(upstream), open is not null && ReferenceEquals(open.Settings, upstream) ? open.Breaker : new Breaker(time)) { OpenedAt = time.GetTimestamp() };
    }

    /// <summary>A live one that is not stored: what an administrator tries before saving.</summary>
    public IUpstream Try(Upstream upstream) => UpstreamKinds.All[upstream.Kind].Open(upstream, surroundings);

    /// <summary>Adds one. False when the alias is taken. Throws <see cref="ArgumentException"/> when its settings are wrong.</summary>
    public async Task<bool> AddAsync(Work work, Upstream upstream)
    {
        Assert(upstream);
        var count = await work.Connection.ExecuteAsync("insert into upstreams (id, realm, alias, body, secrets) values (@Id, @Realm, @Alias, @body, @secrets) on conflict do nothing", Flat(upstream), work.Transaction);
        if (count == 1) await work.AnnounceAsync(new Change("upstream", upstream.Realm, upstream.Id));
        return count == 1;
    }

    /// <summary>Replaces one. False when there is none, or the alias is taken.</summary>
    public async Task<bool> ChangeAsync(Work work, Upstream upstream)
    {
        Assert(upstream);
        var flat = Flat(upstream);
        if (await work.Connection.ExecuteScalarAsync<long>("select count(*) from upstreams where realm = @Realm and alias = @Alias and id <> @Id", flat, work.Transaction) > 0) return false;
        var count = await work.Connection.ExecuteAsync("update upstreams set alias = @Alias, body = @body, secrets = @secrets where realm = @Realm and id = @Id", flat, work.Transaction);
        if (count == 1) await work.AnnounceAsync(new Change("upstream", upstream.Realm, upstream.Id));
        return count == 1;
    }

    /// <summary>Deletes one. False when there is none. Links of people to it stay with them until they are looked at again.</summary>
    public async Task<bool> RemoveAsync(Work work, string realm, string id)
    {
        var count = await work.Connection.ExecuteAsync("delete from upstreams where realm = @realm and id = @id", new { realm, id }, work.Transaction);
        if (count == 1) await work.AnnounceAsync(new Change("upstream", realm, id));
        return count == 1;
    }

    /// <summary>Deletes all of a realm, with the attempts under way.</summary>
    public async Task RemoveAllAsync(Work work, string realm)
    {
        await work.Connection.ExecuteAsync("delete from upstreams where realm = @realm", new { realm }, work.Transaction);
        await work.Connection.ExecuteAsync("delete from federation_attempts where realm = @realm", new { realm }, work.Transaction);
        await work.AnnounceAsync(new Change("upstream", realm, ""));
    }

    /// <inheritdoc/>
    public void Dispose() => hearing.Dispose();

    internal async Task LoadAsync(CancellationToken stop)
    {
        var rows = await database.ReadAsync(async connection => (await connection.QueryAsync<(string Body, byte[] Secrets)>("select body, secrets from upstreams")).AsList(), stop);
        var before = known.Values.SelectMany(all => all).ToDictionary(one => one.Id);
        var now = rows.Select(row => Read(row.Body, row.Secrets)).Select(one => before.TryGetValue(one.Id, out var same) && IsSame(same, one) ? same : one).ToList();
        known = now.GroupBy(one => one.Realm).ToFrozenDictionary(group => group.Key, group => group.OrderBy(one => one.Order).ThenBy(one => one.Alias, StringComparer.Ordinal).ToImmutableArray());
        foreach (var gone in live.Keys.Except(now.Select(one => one.Id)).ToList()) live.TryRemove(gone, out _);
    }

    // What was right when it was saved may be wrong now: a file of certificates is gone. One provider's trouble is not the realm's.
    private IUpstream Make(Upstream upstream)
    {
        var kind = UpstreamKinds.All.GetValueOrDefault(upstream.Kind);
        try
        {
            return kind?.Open(upstream, surroundings) ?? new BrokenUpstream($"the kind '{upstream.Kind}' is not known to this version");
        }
        catch (Exception wrong) when (wrong is ArgumentException or FormatException)
        {
            return kind!.ChecksPasswords ? new BrokenDirectory(wrong.Message) : new BrokenUpstream(wrong.Message);
        }
    }

    private static void Assert(Upstream upstream)
    {
        if (UpstreamKinds.Fault(upstream) is { } fault) throw new ArgumentException(fault, nameof(upstream));
    }

    // What did not change keeps its connections and its breaker.
    private static bool IsSame(Upstream a, Upstream b)
        => JsonSerializer.Serialize(a) == JsonSerializer.Serialize(b) && a.Secrets.Count == b.Secrets.Count && a.Secrets.All(one => b.Secrets.TryGetValue(one.Key, out var other) && one.Value.Equals(other));

    private object Flat(Upstream upstream) => new
    {
        upstream.Id, upstream.Realm, upstream.Alias, body = JsonSerializer.Serialize(upstream),
        secrets = sealer.Seal(Purpose, JsonSerializer.SerializeToUtf8Bytes(upstream.Secrets.ToDictionary(one => one.Key, one => one.Value.Reveal()))),
    };

    private Upstream Read(string body, byte[] secrets)
        => JsonSerializer.Deserialize<Upstream>(body)! with
        {
            Secrets = sealer.TryOpen(Purpose, secrets, out var plain) ? JsonSerializer.Deserialize<Dictionary<string, string>>(plain)!.ToImmutableDictionary(one => one.Key, one => new Secret(one.Value)) : ImmutableDictionary<string, Secret>.Empty,
        };
}
