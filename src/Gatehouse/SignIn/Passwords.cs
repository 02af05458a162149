using System.Collections.Concurrent;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.Options;

namespace Gatehouse.SignIn;

/// <summary>What a password check found.</summary>
public enum PasswordAnswer
{
    /// <summary>Wrong, or there is no password.</summary>
    Wrong,

    /// <summary>Right.</summary>
    Right,

    /// <summary>Right, and its hash is of an older cost: store a new one.</summary>
    RightButOld,
}

/// <summary>Too many hashes wait: the sign-in answers 503 and nothing was decided.</summary>
public sealed class PasswordsBusy() : Exception("Too many password checks are waiting.");

/// <summary>Password hashing by ASP.NET Core Identity's hasher at OWASP's current cost, on a bounded pool of threads of its own, never on a connection thread.</summary>
public sealed class Passwords : IDisposable
{
    /// <summary>Longest password, in characters; longer ones are refused before any hashing.</summary>
    public const int Longest = 256;

    private static readonly object Nobody = new();

    private readonly PasswordHasher<object> hasher;
    private readonly BlockingCollection<Action> waiting;
    private readonly BlockingCollection<Action> later;
    private readonly BlockingCollection<Action>[] lanes;
    private readonly string decoy;
    private long checks;

    /// <summary>Starts the threads.</summary>
    public Passwords(IOptions<SignInSettings> settings)
    {
        hasher = new PasswordHasher<object>(Options.Create(new PasswordHasherOptions { CompatibilityMode = PasswordHasherCompatibilityMode.IdentityV3, IterationCount = settings.Value.PasswordIterations }));
        decoy = hasher.HashPassword(Nobody, Guid.NewGuid().ToString());
        waiting = new BlockingCollection<Action>(settings.Value.PasswordQueue);
        later = new BlockingCollection<Action>(settings.Value.PasswordQueue);
        lanes = [waiting, later];
        for (var i = 0; i < settings.Value.PasswordThreads; i++)
            new Thread(Run) { IsBackground = true, Name = "gatehouse passwords", Priority = ThreadPriority.BelowNormal }.Start();
    }

    /// <summary>How many hashes were computed; unknown users cost as many as known ones.</summary>
    public long Checks => Interlocked.Read(ref checks);

    /// <summary>Hashes a password. Throws <see cref="PasswordsBusy"/> when too many wait; with <paramref name="later"/> it waits in a queue of its own, behind those who sign in.</summary>
    public Task<string> HashAsync(string password, CancellationToken stop, bool later = false) => OnPoolAsync(() => hasher.HashPassword(Nobody, password), later, stop);

    /// <summary>Compares a password with a stored hash; with null it takes as long and says wrong, so that an unknown user looks like a wrong password. Throws <see cref="PasswordsBusy"/>.</summary>
    public Task<PasswordAnswer> CheckAsync(string? hash, string password, CancellationToken stop, bool later = false)
        => OnPoolAsync(() =>
        {
            var result = hasher.VerifyHashedPassword(Nobody, hash ?? decoy, password);
            if (hash is null) return PasswordAnswer.Wrong;
            return result switch { PasswordVerificationResult.Success => PasswordAnswer.Right, PasswordVerificationResult.SuccessRehashNeeded => PasswordAnswer.RightButOld, _ => PasswordAnswer.Wrong };
        }, later, stop);

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var lane in lanes) lane.CompleteAdding();
    }

    private Task<T> OnPoolAsync<T>(Func<T> hash, bool behind, CancellationToken stop)
    {
        var lane = behind ? later : waiting;
        var done = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        var added = !lane.IsAddingCompleted && lane.TryAdd(() =>
        {
            if (stop.IsCancellationRequested)
            {
                done.TrySetCanceled(stop);
                return;
            }

            try
            {
                Interlocked.Increment(ref checks);
                done.TrySetResult(hash());
            }
            catch (FormatException)
            {
                // The stored text is not one of the hasher's: treated as no password.
                done.TrySetException(new InvalidOperationException("A stored password hash cannot be read."));
            }
        });
        if (!added) throw new PasswordsBusy();
        return done.Task;
    }

    private void Run()
    {
        try
        {
            // Looks into the lanes in their order: a flood of requests with passwords keeps nobody from signing in.
            while (BlockingCollection<Action>.TakeFromAny(lanes, out var hash) >= 0) hash!();
        }
        catch (ArgumentException) when (waiting.IsAddingCompleted)
        {
            // The end: whoever waits still is answered.
            foreach (var lane in lanes)
                while (lane.TryTake(out var last)) last();
        }
    }
}
