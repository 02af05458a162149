namespace Gatehouse.Storage;

/// <summary>Tells every node what was committed, in order, at least once. The table is the truth; PostgreSQL's NOTIFY only wakes readers.</summary>
public sealed class ChangeFeed
{
    /// <summary>Calls <paramref name="heard"/> for each change committed after this call, on any node, in order. The callback must be quick and must not throw.</summary>
    public IDisposable Subscribe(Action<Change> heard) => throw new NotImplementedException();
}
