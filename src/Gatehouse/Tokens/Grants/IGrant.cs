using Gatehouse.Clients;
using Gatehouse.Terms;
using Gatehouse.Wire.OAuth;

namespace Gatehouse.Tokens.Grants;

/// <summary>What a token request brings, after the endpoint's shared steps: the client is known and authenticated.</summary>
/// <param name="Realm">Realm.</param>
/// <param name="Client">Authenticated client (or public one).</param>
/// <param name="Parameters">The request's parameters.</param>
/// <param name="Address">Address of the client.</param>
public sealed record GrantRequest(Realm Realm, Client Client, Parameters Parameters, string? Address)
{
    /// <summary>The gadget and its audiences for which a facade wants the token; null where the parameters say it all.</summary>
    public (GadgetCut Cut, System.Collections.Immutable.ImmutableArray<string> Audience)? Gadget { get; init; }

    /// <summary>The bearer token in the Authorization header, for grants that take one; null when there is none.</summary>
    public Secret? Bearer { get; init; }

    /// <summary>Door at which something is shown to be renewed: it is given its own alone. Null for the token endpoint.</summary>
    public string? Door { get; init; }

    /// <summary>A facade asks for the client, and nobody has shown its secret.</summary>
    public bool Unproven { get; init; }

    /// <summary>The client did not prove itself: it is the one for which the bearer token was made.</summary>
    public bool ByBearer { get; init; }
}

/// <summary>What a grant says: it can only authorize, repeat a stored answer, or refuse. It never makes tokens.</summary>
public abstract record GrantResult
{
    private GrantResult()
    {
    }

    /// <summary>When this way of asking ends: told with the answer (RFC 8594; RFC 9745). Null when it stays.</summary>
    public DateTimeOffset? Sunset { get; init; }

    /// <summary>Someone may be given tokens, if the mint's checklist agrees.</summary>
    /// <param name="Authorization">What is granted.</param>
    /// <param name="Answer">What proves us to whoever showed a ticket; null when there is none.</param>
    public sealed record Granted(Authorization Authorization, string? Answer = null) : GrantResult;

    /// <summary>An answer that is no token.</summary>
    /// <param name="Body">JSON.</param>
    public sealed record Told(ReadOnlyMemory<byte> Body) : GrantResult;

    /// <summary>The same answer as a moment ago.</summary>
    public sealed record Repeated(TokenSet Tokens) : GrantResult;

    /// <summary>No.</summary>
    /// <param name="Error">In the protocol's form.</param>
    /// <param name="Code">Stable code of what was found wrong, where there is one.</param>
    public sealed record Refused(OAuthError Error, string? Code = null) : GrantResult
    {
        /// <summary>The audit log has it already, with more than the answer may say.</summary>
        public bool Audited { get; init; }
    }
}

/// <summary>One way to obtain a token.</summary>
public interface IGrant
{
    /// <summary>Value of <c>grant_type</c>.</summary>
    string Type { get; }

    /// <summary>Whether the client may use it at all.</summary>
    bool IsAllowed(Client client);

    /// <summary>Whether a bearer token in the Authorization header may stand for the client's own proof.</summary>
    bool TakesBearer => false;

    /// <summary>Checks what the grant is about.</summary>
    Task<GrantResult> AuthorizeAsync(GrantRequest request, CancellationToken stop);
}
