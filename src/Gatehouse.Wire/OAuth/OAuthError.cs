namespace Gatehouse.Wire.OAuth;

/// <summary>An error in OAuth's own form (RFC 6749, 5.2; RFC 6750, 3.1).</summary>
/// <param name="Code">Registered error code.</param>
/// <param name="Description">Plain ASCII for developers; never a secret.</param>
/// <param name="Status">HTTP status.</param>
public sealed record OAuthError(string Code, string Description, int Status = 400)
{
    /// <summary>The request misses a parameter, repeats one, or is otherwise malformed.</summary>
    public static OAuthError InvalidRequest(string description) => new("invalid_request", description);

    /// <summary>Client authentication failed (RFC 6749, 5.2).</summary>
    public static OAuthError InvalidClient(string description) => new("invalid_client", description, 401);

    /// <summary>The code or refresh token is invalid, expired, revoked, or another client's.</summary>
    public static OAuthError InvalidGrant(string description) => new("invalid_grant", description);

    /// <summary>The client may not use this grant.</summary>
    public static OAuthError UnauthorizedClient(string description) => new("unauthorized_client", description);

    /// <summary>The scope is unknown or exceeds what was granted.</summary>
    public static OAuthError InvalidScope(string description) => new("invalid_scope", description);

    /// <summary>The grant type is not known here.</summary>
    public static OAuthError UnsupportedGrant(string description) => new("unsupported_grant_type", description);
}
