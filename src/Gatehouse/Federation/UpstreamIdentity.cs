using System.Collections.Immutable;

namespace Gatehouse.Federation;

/// <summary>A person as an upstream vouches for them, before anything here is looked up.</summary>
public sealed record UpstreamIdentity
{
    /// <summary>Their stable, unique id there (<c>sub</c>, objectGUID, NameID).</summary>
    public required string Subject { get; init; }

    /// <summary>Login name there.</summary>
    public string? Username { get; init; }

    /// <summary>E-mail address.</summary>
    public string? Email { get; init; }

    /// <summary>Whether the upstream says that the address is verified.</summary>
    public bool EmailVerified { get; init; }

    /// <summary>First name.</summary>
    public string? FirstName { get; init; }

    /// <summary>Last name.</summary>
    public string? LastName { get; init; }

    /// <summary>Everything it said, by claim or attribute name.</summary>
    public ImmutableDictionary<string, ImmutableArray<string>> Attributes { get; init; } = ImmutableDictionary<string, ImmutableArray<string>>.Empty;

    /// <summary>Groups, nested ones resolved.</summary>
    public ImmutableArray<string> Groups { get; init; } = [];

    /// <summary>When they last proved who they are there; null when it does not say.</summary>
    public DateTimeOffset? AuthenticatedAt { get; init; }

    /// <summary>Methods that it says were used (RFC 8176).</summary>
    public ImmutableArray<string> Methods { get; init; } = [];

    /// <summary>The session there (<c>sid</c>, SessionIndex), by which it may end ours.</summary>
    public string? SessionId { get; init; }

    /// <summary>ID token or name that ends the session there (RP-initiated logout, SAML NameID); null where there is none.</summary>
    public string? SignOutHint { get; init; }

    /// <summary>When a session that rests on this must end (SAML's <c>SessionNotOnOrAfter</c>); null for no limit.</summary>
    public DateTimeOffset? SessionUntil { get; init; }
}

/// <summary>What an upstream found. Three answers, since a technical failure is no refusal.</summary>
public abstract record Finding
{
    private Finding()
    {
    }

    /// <summary>It vouches for this person.</summary>
    public sealed record Known(UpstreamIdentity Identity) : Finding;

    /// <summary>It does not: a stable code for the log and the words to look up, such as <c>invalid_user_credentials</c>, <c>access_denied</c>, <c>bad_signature</c>.</summary>
    /// <param name="Code">Stable code.</param>
    /// <param name="Detail">For the administrator; never a secret.</param>
    public sealed record Refused(string Code, string Detail) : Finding;

    /// <summary>It cannot be asked. Feeds the circuit breaker; never counts as a failed sign-in.</summary>
    /// <param name="Detail">For the administrator; never a secret.</param>
    public sealed record Unavailable(string Detail) : Finding;
}
