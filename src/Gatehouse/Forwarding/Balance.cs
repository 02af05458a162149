namespace Gatehouse.Forwarding;

/// <summary>Chooses the address of a request. Immutable but for one counter, so choosing takes no lock.</summary>
internal sealed class Balance(UpstreamPlan plan, Station[] stations, TimeProvider time)
{
    private readonly Station[] _turns = Turns(stations);
    private uint _turn = uint.MaxValue;

    /// <summary>The plan.</summary>
    public UpstreamPlan Plan { get; } = plan;

    /// <summary>The live addresses.</summary>
    public Station[] Stations { get; } = stations;

    /// <summary>Chooses, keeping away from one already tried when there is another; null when all are down.</summary>
    public Station? Choose(Station? tried)
    {
        if (Stations.Length == 1) return Stations[0].Down ? null : Stations[0];
        if (Stations.Length == 0) return null;
        var turn = Interlocked.Increment(ref _turn);
        var best = Plan.Balance == BalanceKind.LeastRequests ? Least(turn, tried) : Next(turn, tried);
        return best ?? (tried is { Available: true } ? tried : Soonest());
    }

    private Station? Next(uint turn, Station? tried)
    {
        for (uint i = 0; i < _turns.Length; i++)
        {
            var station = _turns[unchecked(turn + i) % (uint)_turns.Length];
            if (station != tried && station.Available) return station;
        }

        return null;
    }

    private Station? Least(uint turn, Station? tried)
    {
        Station? best = null;
        for (uint i = 0; i < Stations.Length; i++)
        {
            // Beginning at another place each time spreads ties.
            var station = Stations[unchecked(turn + i) % (uint)Stations.Length];
            if (station == tried || !station.Available) continue;
            if (best is null || (long)station.Load * best.Weight < (long)best.Load * station.Weight) best = station;
        }

        return best;
    }

    // All in quarantine: that is our guess only, so the one nearest to its end is tried. What the active check calls down is known to be down.
    private Station? Soonest()
    {
        var now = time.GetTimestamp();
        return Stations.Where(s => !s.Down).MinBy(s => Math.Max(s.QuarantinedUntil, now));
    }

    // The smooth weighted order: 5:1:1 gives a a b a c a a, not a a a a a b c.
    private static Station[] Turns(Station[] stations)
    {
        var sum = stations.Sum(s => s.Weight);
        var credit = new int[stations.Length];
        var turns = new Station[sum];
        for (var turn = 0; turn < sum; turn++)
        {
            var best = 0;
            for (var i = 0; i < stations.Length; i++)
            {
                credit[i] += stations[i].Weight;
                if (credit[i] > credit[best]) best = i;
            }

            credit[best] -= sum;
            turns[turn] = stations[best];
        }

        return turns;
    }
}
