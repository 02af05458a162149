using Gatehouse.Credentials;
using Gatehouse.Terms;

namespace Gatehouse.Gateway;

/// <summary>What the gate decided about a request, and why. The same object serves the proxy, the forward-auth answer, the decision record and <c>gatehouse explain</c>.</summary>
public abstract record Decision
{
    private Decision()
    {
    }

    /// <summary>It passes.</summary>
    /// <param name="Route">The one route.</param>
    /// <param name="Principal">Who asks; null on a public route, or where it was not proven and is observed only.</param>
    /// <param name="Credential">With which credential; null on a public route.</param>
    /// <param name="Verifier">Who verified it, and is asked again while a connection stays open; null on a public route.</param>
    /// <param name="Observed">Why it would have been refused, where the route or client is observed only; null when it passes properly.</param>
    public sealed record Pass(Route Route, Principal? Principal, Credential? Credential, ICredentialVerifier? Verifier, Observed? Observed = null) : Decision;

    /// <summary>It does not pass.</summary>
    /// <param name="Reason">Why.</param>
    /// <param name="Route">The route, if one was found.</param>
    /// <param name="Principal">Who asked, if that was proven.</param>
    /// <param name="Missing">What is missing, in plain words.</param>
    /// <param name="RetryAfter">When to try again, for limits.</param>
    /// <param name="Credential">With which credential that was proven.</param>
    /// <param name="Verifier">Who verified it.</param>
    public sealed record Refuse(Reason Reason, Route? Route = null, Principal? Principal = null, string? Missing = null, TimeSpan? RetryAfter = null, Credential? Credential = null, ICredentialVerifier? Verifier = null) : Decision;
}
