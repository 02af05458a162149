using System.Collections.Concurrent;
using Gatehouse.Credentials;
using Gatehouse.Forwarding;
using Gatehouse.Sessions;
using Gatehouse.Terms;
using Gatehouse.Tokens;

namespace Gatehouse.Gateway;

/// <summary>
/// Upgraded connections and whom they belong to. They end with a proper close code when the session ends, the token is revoked or its life is over: a WebSocket never outlives its right.
/// What passes through them is no use of a session. When the program stops, all are told to go elsewhere.
/// </summary>
public sealed class LiveConnections : IDisposable
{
    /// <summary>Close code for an ended right (RFC 6455, 7.4.2 leaves 4000 to 4999 to applications); 4401 is what clients know as "unauthorized".</summary>
    public const ushort Unauthorized = 4401;

    private const ushort GoingAway = 1001;

    // How often the verifier is asked again; what ends a right by its own announcement ends the connection at once.
    private static readonly TimeSpan AskAgain = TimeSpan.FromSeconds(30);

    private readonly ConcurrentDictionary<UpgradedConnection, Right> live = new();
    private readonly TimeProvider time;
    private readonly ITimer sweeping;
    private readonly ITimer asking;
    private readonly CancellationTokenRegistration stopping;
    private int busy;
    private volatile bool over;

    /// <summary>Listens for ended sessions and revocations; looks for expired tokens every second.</summary>
    public LiveConnections(SessionStore sessions, Revocations revocations, TimeProvider time, IHostApplicationLifetime lifetime)
    {
        this.time = time;
        sessions.OnEnded((_, _) => Sweep());
        revocations.OnRevoked(Sweep);
        sweeping = time.CreateTimer(_ => Sweep(), null, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1));
        asking = time.CreateTimer(_ => _ = AskAllAsync(), null, AskAgain, AskAgain);
        // Before the server waits for its connections to end.
        stopping = lifetime.ApplicationStopping.Register(EndAll);
    }

    /// <summary>How many are open.</summary>
    public int Count => live.Count;

    /// <summary>Takes a connection; it leaves by itself when it ends.</summary>
    public void Enter(UpgradedConnection connection, Decision.Pass pass)
    {
        var right = new Right(pass.Principal, pass.Credential, pass.Verifier, pass.Observed?.Under.Until);
        live[connection] = right;
        _ = LeaveAsync(connection);
        if (over) _ = connection.EndAsync(GoingAway, "The gate is stopping.");
        else if (!Stands(right)) _ = connection.EndAsync(Unauthorized, "The session has ended.");
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        stopping.Dispose();
        sweeping.Dispose();
        asking.Dispose();
    }

    private void EndAll()
    {
        over = true;
        foreach (var connection in live.Keys) _ = connection.EndAsync(GoingAway, "The gate is stopping.");
    }

    private async Task LeaveAsync(UpgradedConnection connection)
    {
        await connection.Ended.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        live.TryRemove(connection, out _);
    }

    private void Sweep()
    {
        foreach (var (connection, right) in live)
            if (!Stands(right)) _ = connection.EndAsync(Unauthorized, "The session has ended.");
    }

    private async Task AskAllAsync()
    {
        if (Interlocked.Exchange(ref busy, 1) == 1) return;
        try
        {
            foreach (var (connection, right) in live)
                if (right is { Principal: { } principal, Verifier: { } verifier } && !await verifier.LivesAsync(principal, right.Credential!, CancellationToken.None)) _ = connection.EndAsync(Unauthorized, "The session has ended.");
        }
        catch (Exception wrong) when (wrong is not OutOfMemoryException)
        {
            // A technical failure says nothing about the right; asked again at the next turn.
        }
        finally
        {
            Volatile.Write(ref busy, 0);
        }
    }

    // One that entered as observed lives until observing ends, whatever the life of its token: a token that is over is observed too, a revoked one never.
    private bool Stands(Right right)
        => (right.ObservedUntil ?? right.Principal?.Until ?? DateTimeOffset.MaxValue) > time.GetUtcNow() && (right.Principal is not { } principal || right.Verifier!.StillStands(principal));

    private sealed record Right(Principal? Principal, Credential? Credential, ICredentialVerifier? Verifier, DateTimeOffset? ObservedUntil);
}
