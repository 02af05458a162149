using System.Collections.Concurrent;
using Gatehouse.Credentials.Kinds;
using Gatehouse.Forwarding;
using Gatehouse.Sessions;
using Gatehouse.Terms;
using Gatehouse.Tokens;

namespace Gatehouse.Gateway;

/// <summary>Upgraded connections and whom they belong to. They end with a proper close code when the session ends, the token is revoked or its life is over: a WebSocket never outlives its right.</summary>
public sealed class LiveConnections : IDisposable
{
    /// <summary>Close code for an ended right (RFC 6455, 7.4.2 leaves 4000 to 4999 to applications); 4401 is what clients know as "unauthorized".</summary>
    public const ushort Unauthorized = 4401;

    private const ushort GoingAway = 1001;

    private readonly ConcurrentDictionary<UpgradedConnection, Principal> live = new();
    private readonly OwnJwt own;
    private readonly TimeProvider time;
    private readonly ITimer timer;

    /// <summary>Listens for ended sessions and revocations; looks for expired tokens every second.</summary>
    public LiveConnections(SessionStore sessions, Revocations revocations, OwnJwt own, TimeProvider time)
    {
        (this.own, this.time) = (own, time);
        sessions.OnEnded((_, _) => Sweep());
        revocations.OnRevoked(Sweep);
        timer = time.CreateTimer(_ => Sweep(), null, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1));
    }

    /// <summary>How many are open.</summary>
    public int Count => live.Count;

    /// <summary>Takes a connection; it leaves by itself when it ends.</summary>
    public void Enter(UpgradedConnection connection, Principal principal)
    {
        live[connection] = principal;
        _ = LeaveAsync(connection);
        if (!Stands(principal)) _ = connection.EndAsync(Unauthorized, "The session has ended.");
    }

    /// <summary>Ends all: the program stops.</summary>
    public Task EndAllAsync() => Task.WhenAll(live.Keys.Select(connection => connection.EndAsync(GoingAway, "The gate is stopping.")));

    /// <inheritdoc/>
    public void Dispose() => timer.Dispose();

    private async Task LeaveAsync(UpgradedConnection connection)
    {
        await connection.Ended.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        live.TryRemove(connection, out _);
    }

    private void Sweep()
    {
        foreach (var (connection, principal) in live)
            if (!Stands(principal)) _ = connection.EndAsync(Unauthorized, "The session has ended.");
    }

    // A session's principal is renewed every half minute; its connection lives as long as the session does.
    private bool Stands(Principal principal) => own.StillStands(principal) && (principal.Issuer is null || principal.Until > time.GetUtcNow());
}
