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
}

/// <summary>What a grant says: it can only authorize, repeat a stored answer, or refuse. It never makes tokens.</summary>
public abstract record GrantResult
{
    private GrantResult()
    {
    }

    /// <summary>Someone may be given tokens, if the mint's checklist agrees.</summary>
    /// <param name="Authorization">What is granted.</param>
    /// <param name="Answer">What proves us to whoever showed a ticket; null when there is none.</param>
    public sealed record Granted(Authorization Authorization, string? Answer = null) : GrantResult;

    /// <summary>The same answer as a moment ago.</summary>
    public sealed record Repeated(TokenSet Tokens) : GrantResult;

    /// <summary>No.</summary>
    /// <param name="Error">In the protocol's form.</param>
    /// <param name="Code">Stable code of what was found wrong, where there is one.</param>
    public sealed record Refused(OAuthError Error, string? Code = null) : GrantResult;
}

/// <summary>One way to obtain a token.</summary>
public interface IGrant
{
    /// <summary>Value of <c>grant_type</c>.</summary>
    string Type { get; }

    /// <summary>Whether the client may use it at all.</summary>
    bool IsAllowed(Client client);

    /// <summary>Checks what the grant is about.</summary>
    Task<GrantResult> AuthorizeAsync(GrantRequest request, CancellationToken stop);
}
