using Gatehouse.Tokens;
using Gatehouse.Tokens.Grants;

namespace Gatehouse.Permissions;

/// <summary>Owns the question "what may somebody do at this resource server?": brings a client's authorization settings and an asker's rights before the judge in Policy. Keeps nothing, never makes a token and knows no protocol.</summary>
public static class PermissionsRoom
{
    /// <summary>Adds the question, the grant that asks it, and what reads and writes settings.</summary>
    public static IServiceCollection AddPermissions(this IServiceCollection services) => services
        .AddSingleton<Entitlements>().AddSingleton<IPermits>(provider => provider.GetRequiredService<Entitlements>())
        .AddSingleton<SettingsNames>().AddSingleton<GuardedResources>().AddSingleton<IGrant, UmaGrant>();
}
