using Gatehouse.Terms;

namespace Gatehouse.Credentials;

/// <summary>Kinds of credential.</summary>
public enum CredentialKind
{
    /// <summary>Bearer token (RFC 6750): ours or a foreign issuer's, told apart by its verifier.</summary>
    Bearer,

    /// <summary>User name with a password, or client id with a secret (RFC 7617).</summary>
    Basic,

    /// <summary>Our session cookie.</summary>
    SessionCookie,

    /// <summary>Token of a bot or visitor for one dialog, sent as a bearer token and known by its prefix.</summary>
    Dialog,

    /// <summary>A secret that many share, in a header of its own. In Authorization it looks like any bearer token.</summary>
    SharedSecret,
}

/// <summary>Where a credential was found. Place and kind are independent: a facade adds a place as data.</summary>
public enum CredentialPlace
{
    /// <summary>The Authorization header.</summary>
    Authorization,

    /// <summary>Another header.</summary>
    Header,

    /// <summary>The query string.</summary>
    Query,

    /// <summary>A cookie.</summary>
    Cookie,
}

/// <summary>Found, not yet believed.</summary>
/// <param name="Kind">What it claims to be.</param>
/// <param name="Place">Where it stood.</param>
/// <param name="Name">Header, parameter or cookie name, or user name for Basic.</param>
/// <param name="Value">The secret part.</param>
public sealed record Credential(CredentialKind Kind, CredentialPlace Place, string Name, Secret Value)
{
    /// <summary>Where the request came from, for kinds that are throttled; null where nobody asks.</summary>
    public System.Net.IPAddress? From { get; init; }
}

/// <summary>What a verifier says: three answers, since a technical failure is no refusal.</summary>
public abstract record Verdict
{
    private Verdict()
    {
    }

    /// <summary>Proven.</summary>
    /// <param name="Principal">Who it is.</param>
    /// <param name="Believed">Until when the answer may be remembered, where that is sooner than the principal's end; null where the verifier leaves it open.</param>
    public sealed record Accepted(Principal Principal, DateTimeOffset? Believed = null) : Verdict
    {
        /// <summary>Asked before the answer is used again: false where something has changed that the credential must be looked at anew for. Memory only. Null where nothing can.</summary>
        public Func<bool>? IsCurrent { get; init; }
    }

    /// <summary>Refused, and why.</summary>
    /// <param name="Reason">Why.</param>
    /// <param name="Wait">After what time it may be tried again; null where that does not matter.</param>
    public sealed record Rejected(Reason Reason, TimeSpan? Wait = null) : Verdict;

    /// <summary>Could not be checked; feeds circuit breakers, never counts as a failed attempt.</summary>
    public sealed record Unavailable(Reason Reason) : Verdict;
}

/// <summary>What <see cref="Finder"/> found.</summary>
public abstract record Found
{
    private Found()
    {
    }

    /// <summary>Nothing.</summary>
    public sealed record None : Found;

    /// <summary>Exactly one.</summary>
    public sealed record One(Credential Credential) : Found;

    /// <summary>More than one, or one that cannot be read: refused before any cryptography.</summary>
    public sealed record Conflict(Reason Reason) : Found;
}
