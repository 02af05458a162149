namespace Gatehouse.Facades.Expertflow;

/// <summary>
/// Expertflow CX' own names, in one place: members of bodies, attributes, and the words of its refusals. README.md beside this file says which of them a public page confirms and which are taken from what its clients and its npm library do.
/// </summary>
internal static class Vendor
{
    public const string Username = "username";
    public const string Password = "password";
    public const string FinesseUrl = "finesseUrl";
    public const string AuthToken = "authToken";
    public const string AuthWithSso = "authWithSSO";
    public const string RefreshToken = "refreshToken";
    public const string RefreshTokenToo = "refresh_token";
    public const string Token = "token";
    public const string KeycloakUser = "keycloak_User";

    public const string PhoneNumber = "phoneNumber";
    public const string Ticket = "ticket";

    /// <summary>Where a client that can name no new member sends the interim ticket.</summary>
    public const string TicketHeader = "X-Interim-Ticket";

    /// <summary>Names that a code may have: no public page tells the vendor's; the first two are its library's.</summary>
    public static readonly string[] Codes = ["otp", "otpToValidate", "OTP", "code"];

    /// <summary>Words that stand above every refusal of the second factor.</summary>
    public const string OneTimeFailed = "Two Factor Authentication Error";

    public const string OneTimeSent = "OTP sent successfully.";
    public const string OneTimeRequired = "OTP required";
    public const string RegistrationRequired = "2FA registration required";

    /// <summary>Attribute of a group: its presence makes the group a team, and its value is the team's id. Without a value the group's own id counts.</summary>
    public const string TeamId = "teamId";

    /// <summary>Attribute of a team's group: its name, where that is not the group's.</summary>
    public const string TeamName = "teamName";

    /// <summary>Attribute of a team's group: user name of who supervises it.</summary>
    public const string Supervisor = "supervisor";

    /// <summary>Attribute of a team's group: user names of who supervises it in the second place.</summary>
    public const string SecondarySupervisor = "secondarySupervisor";

    /// <summary>What is in the name of a group that grants permissions.</summary>
    public const string PermissionGroup = "_permission";

    /// <summary>The group that lets a supervisor in.</summary>
    public const string SeniorGroup = "senior_agents_permission";

    public const string Agent = "agent";
    public const string SupervisorRole = "supervisor";

    /// <summary>Words that stand above every refusal of a sign-in.</summary>
    public const string LoginFailed = "Token Generation Error: Failed to generate a user access token.";

    /// <summary>Words that stand above every refusal of a renewal.</summary>
    public const string RefreshFailed = "Refresh Token Error: Failed to refresh the access token.";

    /// <summary>What the library says in place of the server's words when a refresh token counts no more.</summary>
    public const string RefreshExpired = "Refresh Token expired, please login again";

    /// <summary>Body of a refused <c>keycloakLogin</c> in the builds that answer without a wrapper.</summary>
    public const string BareRefusal = "Invalid Credentials";

    /// <summary>User attributes that the vendor keeps secrets in: never shown to anybody.</summary>
    public static bool IsHidden(string attribute) => attribute is "otpSecret" or "tempOTPSecret";
}
