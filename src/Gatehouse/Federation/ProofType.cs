namespace Gatehouse.Federation;

/// <summary>What a proof is, as <c>subject_token_type</c> names it (RFC 8693, 3). Tickets have no registered names; these are ours.</summary>
public static class ProofType
{
    /// <summary>A JWT of an issuer that is trusted.</summary>
    public const string Jwt = "urn:ietf:params:oauth:token-type:jwt";

    /// <summary>An ID token of an OpenID provider.</summary>
    public const string IdToken = "urn:ietf:params:oauth:token-type:id_token";

    /// <summary>An access token: one of ours.</summary>
    public const string AccessToken = "urn:ietf:params:oauth:token-type:access_token";

    /// <summary>A refresh token, as a wish.</summary>
    public const string RefreshToken = "urn:ietf:params:oauth:token-type:refresh_token";

    /// <summary>An authorization code of an OpenID provider; the parameter <c>redirect_uri</c> names the address to which it was sent.</summary>
    public const string Code = "urn:gatehouse:params:oauth:token-type:oidc-code";

    /// <summary>A SAML 2.0 assertion, base64url-encoded.</summary>
    public const string Saml = "urn:ietf:params:oauth:token-type:saml2";

    /// <summary>A CAS service ticket; the parameter <c>service</c> names its service.</summary>
    public const string CasTicket = "urn:gatehouse:params:oauth:token-type:cas-ticket";

    /// <summary>An access token of a Finesse's identity service; the parameter <c>service</c> names the agent.</summary>
    public const string Finesse = "urn:gatehouse:params:oauth:token-type:finesse";

    /// <summary>A Kerberos ticket in SPNEGO's or Kerberos' form, Base64.</summary>
    public const string Kerberos = "urn:gatehouse:params:oauth:token-type:kerberos";
}
