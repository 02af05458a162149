namespace Gatehouse.Facades.Expertflow.Until;

/// <summary>The calls of the facade: each is on while it has an end date, and ends with that day (UTC). Posted passwords are a loan, not a plan.</summary>
public sealed class UntilSettings
{
    /// <summary>Last day of <c>POST /agent-manager/agent/login</c>, as 2027-06-30; empty means that the call is not answered here.</summary>
    public string Login { get; set; } = "";

    /// <summary>Last day of <c>POST /unified-admin/keycloakLogin</c>; empty means that the call is not answered here.</summary>
    public string KeycloakLogin { get; set; } = "";

    /// <summary>Last day of <c>POST /agent-manager/agent/refresh-token</c>; empty means that the call is not answered here.</summary>
    public string RefreshToken { get; set; } = "";

    /// <summary>Last day of <c>register-phone</c>, <c>send-sms-otp</c> and <c>validate-otp</c> below <c>/agent-manager/agent</c>; empty means that these calls are not answered here.</summary>
    public string OneTime { get; set; } = "";

    /// <summary>How long before its end a call is told to be deprecated, and the operator is warned.</summary>
    public TimeSpan Notice { get; set; } = TimeSpan.FromDays(60);
}
