namespace Gatehouse.Federation;

/// <summary>Leaves an upstream alone for a moment after repeated failures, then lets one request try (circuit breaker). People are told at once instead of waiting for a time-out each.</summary>
public sealed class Breaker(TimeProvider time)
{
    private const int Patience = 3;
    private static readonly TimeSpan Rest = TimeSpan.FromSeconds(10);

    private readonly Lock change = new();
    private int failures;
    private long restsSince;

    /// <summary>Failures in a row; 0 while it works.</summary>
    public int Failures => Volatile.Read(ref failures);

    /// <summary>What it last failed with; null while it works.</summary>
    public string? Last { get; private set; }

    /// <summary>Whether it may be asked now. After the rest one may, and the others wait for what comes of it.</summary>
    public bool Allows()
    {
        lock (change)
        {
            if (failures < Patience) return true;
            if (time.GetElapsedTime(restsSince) < Rest) return false;
            restsSince = time.GetTimestamp();
            return true;
        }
    }

    /// <summary>It answers again: nobody has to wait for the end of the rest.</summary>
    public void Recovered()
    {
        lock (change) (failures, Last) = (0, null);
    }

    /// <summary>Takes note of a finding.</summary>
    public T Note<T>(T finding) where T : Finding
    {
        lock (change)
        {
            if (finding is Finding.Unavailable not)
            {
                failures++;
                Last = not.Detail;
                restsSince = time.GetTimestamp();
            }
            else
            {
                failures = 0;
                Last = null;
            }
        }

        return finding;
    }
}
