namespace Gatehouse.Facades.Finesse;

/// <summary>Finesse's own names, in one place: error types and messages, members of bodies, and the user attributes that stand for its configuration. README.md beside this file says which of them a public page confirms.</summary>
internal static class Vendor
{
    public const string UserName = "cc_username";
    public const string RefreshToken = "refresh-token";
    public const string Token = "token";
    public const string TestCookie = "ssotest";

    /// <summary>What the test page and the token address say of a failure.</summary>
    public const string AuthError = "AUTH_ERROR";
    public const string NoToken = "NO TOKEN";

    /// <summary>User attribute: <c>SSO</c> or <c>NON_SSO</c>, where the mode is HYBRID; without it, who has a password of their own here is NON_SSO.</summary>
    public const string AuthMode = "finesse.authMode";

    /// <summary>User attribute: the agent's id in the contact centre; without it the user name.</summary>
    public const string LoginId = "finesse.loginId";

    /// <summary>User attribute: the telephone of one's own, where seats are fixed; without it the attribute <c>extension</c>.</summary>
    public const string Extension = "finesse.extension";

    /// <summary>Attribute of a group: the team's id in the contact centre; without it the group's own.</summary>
    public const string TeamId = "finesse.teamId";

    // Error types that the developer guide names.
    public const string Forbidden = "Forbidden";
    public const string NotFound = "Not Found";
    public const string InvalidInput = "Invalid Input";
    public const string ServerError = "Internal Server Error";
    public const string Unavailable = "Service Unavailable";
}
