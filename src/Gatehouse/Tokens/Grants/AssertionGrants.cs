using Gatehouse.Clients;

namespace Gatehouse.Tokens.Grants;

/// <summary>An assertion as the grant itself: a JWT (RFC 7523, 2.1) or a SAML 2.0 assertion (RFC 7522, 2.1) of a trusted issuer. The client proves itself too.</summary>
public sealed class AssertionGrants(string type, string proofType, Vouching vouching) : IGrant
{
    /// <summary>JWT.</summary>
    public const string Jwt = "urn:ietf:params:oauth:grant-type:jwt-bearer";

    /// <summary>SAML.</summary>
    public const string Saml = "urn:ietf:params:oauth:grant-type:saml2-bearer";

    /// <inheritdoc/>
    public string Type => type;

    /// <inheritdoc/>
    public bool IsAllowed(Client client) => client is { Exchanges: true, Public: false };

    /// <inheritdoc/>
    public Task<GrantResult> AuthorizeAsync(GrantRequest request, CancellationToken stop)
        => vouching.AuthorizeAsync(request, type, proofType, request.Parameters["assertion"], request.Parameters["subject_issuer"], [], withRefresh: false, stop);
}
