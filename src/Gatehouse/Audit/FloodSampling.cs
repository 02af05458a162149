namespace Gatehouse.Audit;

/// <summary>Keeps a flood of refusals from filling the audit log: of one kind the first twenty of a minute are written one by one, then every thousandth, which tells how many it stands for.</summary>
/// <typeparam name="TKind">What tells the kinds apart: the refusal and who caused it, at least by network.</typeparam>
internal sealed class FloodSampling<TKind> where TKind : notnull
{
    private const int OneByOne = 20;
    private const int Then = 1000;

    private readonly Generations<TKind, Flow> flows = new(10_000);

    /// <summary>How many refusals the event stands for; 0 when none is to be written.</summary>
    public int Take(TKind kind, DateTimeOffset now) => flows.FindOrKeep(kind, static _ => new Flow()).Take(now.ToUnixTimeSeconds() / 60);

    private sealed class Flow
    {
        private long minute;
        private int count;

        public int Take(long now)
        {
            if (Interlocked.Exchange(ref minute, now) != now) Volatile.Write(ref count, 0);
            var at = Interlocked.Increment(ref count);
            return at <= OneByOne ? 1 : at % Then == 0 ? Then : 0;
        }
    }
}
