using System.Collections.Immutable;

namespace Gatehouse.Forwarding;

/// <summary>One live service: connections, balance and health of its addresses. Made once per service; a changed plan is applied to it.</summary>
public sealed class Upstream : IAsyncDisposable
{
    // How exact time-outs are. A sweep touches only the open connections.
    private static readonly TimeSpan SweepEvery = TimeSpan.FromMilliseconds(250);

    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly ITimer _sweep;
    private readonly CancellationTokenSource _closing = new();
    private readonly Lock _applying = new();
    private volatile Balance _balance;
    private Task _probing;

    /// <summary>Starts it; connections are opened when they are needed.</summary>
    public Upstream(UpstreamPlan plan, TimeProvider time, ILogger logger)
    {
        (_time, _logger) = (time, logger);
        _balance = new Balance(plan, [.. plan.Addresses.Select(a => new Station(a, plan, time))], time);
        _sweep = time.CreateTimer(static me => ((Upstream)me!).Sweep(), this, SweepEvery, SweepEvery);
        _probing = Probe.RunAsync(this, time, logger, _closing.Token);
    }

    /// <summary>The plan in force.</summary>
    public UpstreamPlan Plan => _balance.Plan;

    /// <summary>Requests and upgraded connections under way.</summary>
    public int Load => _balance.Stations.Sum(s => s.Load);

    /// <summary>Each address with whether it takes requests now, its load and its open connections.</summary>
    public ImmutableArray<(Uri Uri, bool Available, int Load, int Connections)> Look() =>
        [.. _balance.Stations.Select(s => (s.Uri, s.Available, s.Load, s.Connections))];

    internal TimeProvider Time => _time;

    internal Balance Balance => _balance;

    /// <summary>Takes over a changed plan. Addresses that stay keep their connections, load and health; requests under way end as they began.</summary>
    public void ApplyPlan(UpstreamPlan plan)
    {
        lock (_applying)
        {
            var old = _balance;
            // Other roots of trust are another address: its old connections were judged by the old ones.
            var sameTrust = old.Plan.TrustedRoots.SequenceEqual(plan.TrustedRoots);
            var stations = plan.Addresses.Select(a =>
            {
                var kept = sameTrust ? Array.Find(old.Stations, s => Same(s.Uri, a.Uri)) : null;
                kept?.Apply(plan, a.Weight);
                return kept ?? new Station(a, plan, _time);
            }).ToArray();
            _balance = new Balance(plan, stations, _time);
            foreach (var gone in old.Stations.Except(stations)) gone.Retire();
            if (_probing.IsCompleted) _probing = Probe.RunAsync(this, _time, _logger, _closing.Token);
        }
    }

    private static bool Same(Uri a, Uri b) => Uri.Compare(a, b, UriComponents.SchemeAndServer, UriFormat.SafeUnescaped, StringComparison.OrdinalIgnoreCase) == 0;

    private void Sweep()
    {
        foreach (var station in _balance.Stations) station.Sweep();
    }

    /// <summary>Closes every connection, those under way too.</summary>
    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync();
        await _sweep.DisposeAsync();
        foreach (var station in _balance.Stations) station.CutAll();
        await _probing;
        _closing.Dispose();
    }
}
