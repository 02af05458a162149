namespace Gatehouse.ResourceServer;

/// <summary>Why a request is refused. The codes are Gatehouse's own (docs/errors.md), so that a client reads one list.</summary>
/// <param name="Code">Stable code.</param>
/// <param name="Status">HTTP status.</param>
/// <param name="Title">In plain words.</param>
public sealed record TokenFault(string Code, int Status, string Title)
{
    /// <summary>No credential was sent.</summary>
    public static readonly TokenFault Missing = new("credential.missing", 401, "No credential was sent.");

    /// <summary>Another scheme than Bearer.</summary>
    public static readonly TokenFault Kind = new("credential.kind", 401, "This kind of credential does not count here.");

    /// <summary>More than one credential.</summary>
    public static readonly TokenFault Conflict = new("credential.conflict", 400, "More than one credential was sent.");

    /// <summary>The token cannot be read, is too large, or wants something that nobody here understands.</summary>
    public static readonly TokenFault Malformed = new("token.malformed", 401, "The token cannot be read.");

    /// <summary>Not an access token.</summary>
    public static readonly TokenFault Type = new("token.type", 401, "This is not an access token.");

    /// <summary>Another issuer's.</summary>
    public static readonly TokenFault Issuer = new("token.issuer", 401, "The token is from another issuer.");

    /// <summary>No key of the issuer made it, or not by an algorithm that counts.</summary>
    public static readonly TokenFault Signature = new("token.signature", 401, "The token's signature is wrong.");

    /// <summary>Its life is over.</summary>
    public static readonly TokenFault Expired = new("token.expired", 401, "The token has expired.");

    /// <summary>Its life has not begun.</summary>
    public static readonly TokenFault Early = new("token.early", 401, "The token is not valid yet.");

    /// <summary>Meant for another service.</summary>
    public static readonly TokenFault Audience = new("token.audience", 401, "The token is meant for another audience.");

    /// <summary>The issuer says that it counts no more.</summary>
    public static readonly TokenFault Revoked = new("token.revoked", 401, "The token was revoked.");

    /// <summary>Nothing was decided: the issuer cannot be asked.</summary>
    public static readonly TokenFault Unavailable = new("verifier.unavailable", 503, "The credential cannot be checked right now.");

    /// <summary>The token lacks a scope.</summary>
    public static readonly TokenFault Scope = new("scope.missing", 403, "A scope is missing.");

    /// <summary>The holder may not.</summary>
    public static readonly TokenFault Denied = new("rule.denied", 403, "You may not do this.");

    /// <summary>RFC 6750's word for it; null where the RFC wants none.</summary>
    public string? Error => Status switch { 400 => "invalid_request", 403 => "insufficient_scope", 401 when Code.StartsWith("token.", StringComparison.Ordinal) => "invalid_token", _ => null };
}
