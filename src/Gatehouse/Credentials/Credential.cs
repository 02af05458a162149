using Gatehouse.Terms;

namespace Gatehouse.Credentials;

/// <summary>Kinds of credential.</summary>
public enum CredentialKind
{
    /// <summary>Bearer token (RFC 6750): ours or a foreign issuer's, told apart by its verifier.</summary>
    Bearer,

    /// <summary>User name or client id with a secret (RFC 7617).</summary>
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
public sealed record Credential(CredentialKind Kind, CredentialPlace Place, string Name, Secret Value);

/// <summary>What a verifier says: three answers, since a technical failure is no refusal.</summary>
public abstract record Verdict
{
    private Verdict()
    {
    }

    /// <summary>Proven.</summary>
    /// <param name="Principal">Who it is.</param>
    /// <param name="Believed">Until when the answer may be remembered, where that is sooner than the principal's end; null where the verifier leaves it open.</param>
    public sealed record Accepted(Principal Principal, DateTimeOffset? Believed = null) : Verdict;

    /// <summary>Refused, and why.</summary>
    public sealed record Rejected(Reason Reason) : Verdict;

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
