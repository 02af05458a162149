namespace Gatehouse.Tokens.Grants;

/// <summary>Values of <c>grant_type</c> that several rooms know.</summary>
public static class GrantNames
{
    /// <summary>Asks for permissions (UMA 2.0 Grant, 3.3.1, as Keycloak uses it).</summary>
    public const string Uma = "urn:ietf:params:oauth:grant-type:uma-ticket";

    /// <summary>Posts a name and a password (RFC 6749, 4.3).</summary>
    public const string Password = "password";
}
