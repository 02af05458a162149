namespace Gatehouse.Facades.Expertflow;

/// <summary>The paths that the facade answers, as they come to the gate.</summary>
internal static class Addresses
{
    public const string Login = "/agent-manager/agent/login";
    public const string RefreshToken = "/agent-manager/agent/refresh-token";
    public const string KeycloakLogin = "/unified-admin/keycloakLogin";
}
