using Gatehouse.Sessions;

namespace Gatehouse.SignIn;

/// <summary>Somewhere a browser has to call when its session has ended, so that sessions elsewhere end too: the upstream it came from, applications that speak SAML.</summary>
public interface ISignOutWay
{
    /// <summary>Local path over which the browser goes there and comes to <paramref name="after"/> then; null when there is nothing to end.</summary>
    /// <param name="session">The session that has just ended.</param>
    /// <param name="after">Where the browser goes in the end.</param>
    /// <param name="client">The application that began the sign-out, which needs not be told; null for none.</param>
    /// <param name="stop">Cancels.</param>
    Task<string?> WayAsync(Session session, string after, string? client, CancellationToken stop);
}

/// <summary>All of them, one after the other.</summary>
public sealed class SignOutWays(IEnumerable<ISignOutWay> ways)
{
    /// <summary>Where the browser goes now; it ends at <paramref name="after"/>.</summary>
    public async Task<string> ThenAsync(Session session, string after, string? client, CancellationToken stop)
    {
        foreach (var way in ways) after = await way.WayAsync(session, after, client, stop) ?? after;
        return after;
    }
}
