namespace Gatehouse.Forwarding;

/// <summary>
/// A point in time that a sweep looks at, instead of a timer per request: setting it is one exchange of a word. Once fired it stays fired, so an exchange that ends
/// at the same moment sees it and does not give its connection back.
/// </summary>
internal struct Deadline
{
    private const long None = 0;
    private const long Fired = -1;

    private long _at;

    /// <summary>Sets it; false when it has fired already. A time of 0 takes it away.</summary>
    public bool Set(long timestamp)
    {
        if (Interlocked.Exchange(ref _at, timestamp) != Fired) return true;
        Interlocked.Exchange(ref _at, Fired);
        return false;
    }

    /// <summary>Takes it away; false when it has fired.</summary>
    public bool Clear() => Set(None);

    /// <summary>Fires when its time has come.</summary>
    public bool TryFire(long now)
    {
        var at = Volatile.Read(ref _at);
        return at > 0 && at <= now && Interlocked.CompareExchange(ref _at, Fired, at) == at;
    }
}
