namespace Gatehouse.Facades.Expertflow;

/// <summary>The paths that the facade answers, as they come to the gate.</summary>
internal static class Addresses
{
    public const string Login = "/agent-manager/agent/login";
    public const string RefreshToken = "/agent-manager/agent/refresh-token";
    public const string RegisterPhone = "/agent-manager/agent/register-phone";
    public const string SendSmsOtp = "/agent-manager/agent/send-sms-otp";
    public const string ValidateOtp = "/agent-manager/agent/validate-otp";
    public const string KeycloakLogin = "/unified-admin/keycloakLogin";
}
