namespace Gatehouse.Federation.Oidc;

/// <summary>Where an OAuth 2.0 or OpenID provider is and how it tells about a person. From settings over a preset; what is null is found by discovery.</summary>
public sealed record OidcShape
{
    /// <summary>The exact issuer; null for plain OAuth providers, which have none.</summary>
    public string? Issuer { get; init; }

    /// <summary>Metadata may name another issuer below this address: Microsoft's tenants have aliases.</summary>
    public string? IssuerBelow { get; init; }

    /// <summary>Authorization endpoint.</summary>
    public Uri? Authorize { get; init; }

    /// <summary>Token endpoint.</summary>
    public Uri? Token { get; init; }

    /// <summary>Key set.</summary>
    public Uri? Jwks { get; init; }

    /// <summary>Where to ask about the person with the access token.</summary>
    public Uri? Userinfo { get; init; }

    /// <summary>Where GitHub lists addresses and says which are verified.</summary>
    public Uri? Emails { get; init; }

    /// <summary>Where a browser ends the session there (RP-initiated logout).</summary>
    public Uri? EndSession { get; init; }

    /// <summary>Scopes to ask for.</summary>
    public string Scopes { get; init; } = "openid profile email";

    /// <summary>Claim that is the stable id.</summary>
    public string SubjectClaim { get; init; } = "sub";

    /// <summary>Claim that is the login name.</summary>
    public string UsernameClaim { get; init; } = "preferred_username";

    /// <summary>Claim that lists the groups.</summary>
    public string GroupsClaim { get; init; } = "groups";

    /// <summary>Member of the userinfo answer in which the claims are; null for the answer itself.</summary>
    public string? NestedIn { get; init; }

    /// <summary>The client secret goes into the body instead of the header.</summary>
    public bool SecretInBody { get; init; }

    /// <summary>It promises to name itself in each answer (RFC 9207); one that does not then is not from it.</summary>
    public bool NamesItself { get; init; }

    /// <summary>It is an OpenID provider: the ID token proves the person.</summary>
    public bool IsOpenId => Issuer is not null || IssuerBelow is not null;
}
