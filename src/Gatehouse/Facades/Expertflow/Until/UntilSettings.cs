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

    /// <summary>Last day of <c>POST /agent-manager/agent/register-phone</c>; empty means that the call is not answered here.</summary>
    public string RegisterPhone { get; set; } = "";

    /// <summary>Last day of <c>POST /agent-manager/agent/send-sms-otp</c>; empty means that the call is not answered here.</summary>
    public string SendSmsOtp { get; set; } = "";

    /// <summary>Last day of <c>POST /agent-manager/agent/validate-otp</c>; empty means that the call is not answered here. With a second factor, nobody signs in without it.</summary>
    public string ValidateOtp { get; set; } = "";

    /// <summary>How long before its end a call is told to be deprecated, and the operator is warned.</summary>
    public TimeSpan Notice { get; set; } = TimeSpan.FromDays(60);
}
