namespace Gatehouse.Facades.Xivo;

/// <summary>
/// XiVO's own names, in one place: members of bodies, error codes, and the user attributes that stand for XiVO's user properties. README.md beside this file says which of them a public page confirms and which are taken from what its clients do.
/// </summary>
internal static class Vendor
{
    public const string Login = "login";
    public const string Password = "password";
    public const string Token = "token";
    public const string Ttl = "TTL";
    public const string Error = "error";
    public const string Message = "message";
    public const string Service = "service";
    public const string Ticket = "ticket";
    public const string RedirectUri = "redirectUri";
    public const string Code = "code";

    /// <summary>User attribute: <c>true</c>, or any value but <c>false</c>, <c>no</c>, <c>off</c> and <c>0</c>, where CTI login is enabled.</summary>
    public const string CtiLogin = "xivo.ctiLogin";

    /// <summary>User attribute: name of the profile, any value.</summary>
    public const string Profile = "xivo.profile";

    /// <summary>User attribute: <c>true</c> for a technical user without a line, to whom the preconditions of CTI do not apply.</summary>
    public const string Webservice = "xivo.webservice";

    // Confirmed by the REST API pages of 2017.03 and 2022.10.
    public const string InvalidCredentials = "InvalidCredentials";
    public const string InvalidJson = "InvalidJson";
    public const string UnhandledError = "UnhandledError";
    public const string UserNotFound = "UserNotFound";
    public const string SsoAuthenticationFailed = "SsoAuthenticationFailed";

    // Compared by XiVO's own clients.
    public const string TokenExpired = "TokenExpired";
    public const string CasServerInvalidTicket = "CasServerInvalidTicket";

    // By analogy; no public page was found.
    public const string InvalidToken = "InvalidToken";
    public const string BearerNotFound = "BearerNotFound";
    public const string AuthorizationHeaderNotFound = "AuthorizationHeaderNotFound";
    public const string CasServerUrlNotSet = "CasServerUrlNotSet";
    public const string CasServerInvalidResponse = "CasServerInvalidResponse";
    public const string CasServerInvalidRequest = "CasServerInvalidRequest";
    public const string CasServerInvalidService = "CasServerInvalidService";
    public const string CasServerInternalError = "CasServerInternalError";
    public const string OidcNotEnabled = "OidcNotEnabled";
    public const string OidcInvalidParameter = "OidcInvalidParameter";
    public const string OidcAuthenticationFailed = "OidcAuthenticationFailed";
}
