using Gatehouse.Sessions;

namespace Gatehouse.SignIn;

/// <summary>Ends sessions: one place for pages, protocols and administrators; audited as LOGOUT.</summary>
public sealed class SignOut
{
    /// <summary>Ends a session.</summary>
    public Task EndAsync(Session session, string? clientId, string? address, CancellationToken stop) => throw new NotImplementedException();
}
