using System.Collections.Concurrent;

namespace Gatehouse.Forwarding;

/// <summary>One live address of a service: its resting connections, its load, its health.</summary>
internal sealed class Station(UpstreamAddress address, UpstreamPlan plan, TimeProvider time)
{
    private readonly ConcurrentStack<UpstreamConnection> _resting = new();
    private readonly ConcurrentDictionary<UpstreamConnection, byte> _all = new();
    private readonly ConcurrentQueue<TaskCompletionSource> _waiting = new();
    private volatile UpstreamPlan _plan = plan;
    private volatile bool _retired;
    private volatile bool _down;
    private int _load;
    private int _failures;
    private int _probes;
    private long _quarantinedUntil;

    /// <summary>Where it is.</summary>
    public Uri Uri { get; } = address.Uri;

    /// <summary>The Host header of requests to it.</summary>
    public string Authority { get; } = address.Uri.IsDefaultPort ? address.Uri.IdnHostOf() : $"{address.Uri.IdnHostOf()}:{address.Uri.Port}";

    /// <summary>Its share.</summary>
    public int Weight { get; private set; } = Math.Clamp(address.Weight, 1, 100);

    /// <summary>Requests under way.</summary>
    public int Load => Volatile.Read(ref _load);

    /// <summary>The active check calls it down.</summary>
    public bool Down => _down;

    /// <summary>End of the quarantine as a timestamp; 0 when there is none.</summary>
    public long QuarantinedUntil => Volatile.Read(ref _quarantinedUntil);

    /// <summary>Connections open, resting or not.</summary>
    public int Connections => _all.Count;

    /// <summary>Whether it should be given requests.</summary>
    public bool Available => !_down && (QuarantinedUntil is 0 || time.GetTimestamp() >= QuarantinedUntil);

    /// <summary>Takes over a changed plan.</summary>
    public void Apply(UpstreamPlan plan, int weight)
    {
        _plan = plan;
        Weight = Math.Clamp(weight, 1, 100);
        if (plan.Health.Path is null) _down = false;
    }

    /// <summary>Waits for its turn. Every return is followed by one <see cref="Leave"/>.</summary>
    /// <exception cref="ForwardException">Too busy for too long.</exception>
    public ValueTask EnterAsync(CancellationToken stop)
    {
        var max = _plan.MaxConnections;
        if (Interlocked.Increment(ref _load) <= max || max <= 0) return ValueTask.CompletedTask;
        Interlocked.Decrement(ref _load);
        return WaitAsync(stop);
    }

    private async ValueTask WaitAsync(CancellationToken stop)
    {
        var times = _plan.Times;
        using var late = times.Connect > TimeSpan.Zero ? new CancellationTokenSource(times.Connect, time) : new CancellationTokenSource();
        using var both = CancellationTokenSource.CreateLinkedTokenSource(late.Token, stop);
        while (true)
        {
            var turn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiting.Enqueue(turn);
            if (Load < _plan.MaxConnections) WakeOne(); // a place came free before we stood in the queue
            try
            {
                await turn.Task.WaitAsync(both.Token);
            }
            catch (OperationCanceledException e)
            {
                if (!turn.TrySetCanceled(CancellationToken.None)) WakeOne(); // the turn had come after all: hand it on
                throw new ForwardException(stop.IsCancellationRequested ? ForwardError.Stopped : ForwardError.UpstreamBusy, e);
            }

            if (Interlocked.Increment(ref _load) <= _plan.MaxConnections) return;
            Interlocked.Decrement(ref _load);
        }
    }

    /// <summary>Gives the turn back.</summary>
    public void Leave()
    {
        Interlocked.Decrement(ref _load);
        if (!_waiting.IsEmpty) WakeOne();
    }

    private void WakeOne()
    {
        while (_waiting.TryDequeue(out var turn) && !turn.TrySetResult())
        {
        }
    }

    /// <summary>A resting connection that looks alive, or null.</summary>
    public UpstreamConnection? TakeResting()
    {
        while (_resting.TryPop(out var connection))
        {
            if (connection.LooksAlive && connection.IdleUntil > time.GetTimestamp()) return connection;
            Discard(connection);
        }

        return null;
    }

    /// <summary>Opens a connection.</summary>
    /// <exception cref="ForwardException">It did not open.</exception>
    public async ValueTask<UpstreamConnection> OpenAsync(CancellationToken stop)
    {
        var connection = await Dial.OpenAsync(Uri, _plan, time, stop);
        connection.Head.Reset();
        _all.TryAdd(connection, 0);
        return connection;
    }

    /// <summary>Takes a connection back after a complete exchange.</summary>
    public void GiveBack(UpstreamConnection connection)
    {
        var now = time.GetTimestamp();
        var times = _plan.Times;
        var rest = connection.Head.KeepAliveSeconds is >= 0 and var seconds
            ? TimeSpan.FromSeconds(Math.Min(times.PoolIdle.TotalSeconds, seconds - 1)) // a second early: the upstream's clock has started already
            : times.PoolIdle;
        connection.IdleUntil = time.After(now, rest);
        if (_retired || rest <= TimeSpan.Zero || time.GetElapsedTime(connection.BornAt, now) > times.PoolLifetime || !connection.Settle())
        {
            Discard(connection);
            return;
        }

        _resting.Push(connection);
        if (_retired) Retire();
    }

    /// <summary>Closes a connection for good.</summary>
    public void Discard(UpstreamConnection connection)
    {
        _all.TryRemove(connection, out _);
        connection.Dispose();
    }

    /// <summary>Closes what rests; what is under way closes when it ends.</summary>
    public void Retire()
    {
        _retired = true;
        while (_resting.TryPop(out var connection)) Discard(connection);
    }

    /// <summary>Cuts everything.</summary>
    public void CutAll()
    {
        Retire();
        foreach (var (connection, _) in _all) connection.Abort(CutCause.Stopped);
    }

    /// <summary>Cuts what is late and closes what has rested too long.</summary>
    public void Sweep()
    {
        var now = time.GetTimestamp();
        foreach (var (connection, _) in _all) connection.Sweep(now);
        if (!_resting.TryPeek(out _)) return;
        // Resting ones lie in the order of their rest: take all off, keep the young and living.
        var keep = new Stack<UpstreamConnection>();
        while (_resting.TryPop(out var connection))
        {
            if (connection.LooksAlive && connection.IdleUntil > now) keep.Push(connection);
            else Discard(connection);
        }

        while (keep.TryPop(out var connection)) _resting.Push(connection);
    }

    /// <summary>A response head came: whatever it says, the address works.</summary>
    public void Succeeded()
    {
        if (Volatile.Read(ref _failures) == 0 && QuarantinedUntil == 0) return;
        Volatile.Write(ref _failures, 0);
        Volatile.Write(ref _quarantinedUntil, 0);
    }

    /// <summary>No response head came. After a quarantine one more failure is enough for the next.</summary>
    public void Failed()
    {
        var health = _plan.Health;
        if (health.FailuresToQuarantine <= 0) return;
        if (Interlocked.Increment(ref _failures) >= health.FailuresToQuarantine)
            Volatile.Write(ref _quarantinedUntil, time.After(time.GetTimestamp(), health.Quarantine));
    }

    /// <summary>Takes note of an active check; true when that changed the address's state.</summary>
    public bool Probed(bool passed)
    {
        var health = _plan.Health;
        _probes = passed == _down ? _probes + 1 : 0; // counts only what speaks against the present state
        if (_probes < Math.Max(1, passed ? health.HealthyAfter : health.UnhealthyAfter)) return false;
        _probes = 0;
        _down = !passed;
        if (passed) Succeeded();
        return true;
    }
}
