using Gatehouse.Credentials.Kinds;

namespace Gatehouse.Credentials;

/// <summary>Owns the question "who is asking?": finds credentials, verifies each kind by its own verifier. Never decides what a principal may do.</summary>
public static class CredentialsRoom
{
    /// <summary>Adds the verifiers.</summary>
    public static IServiceCollection AddCredentials(this IServiceCollection services)
    {
        services.AddSingleton<OwnJwt>();
        services.AddSingleton<SessionCookie>();
        services.AddSingleton<DialogBearer>();
        services.AddSingleton<KnownPasswords>();
        services.AddSingleton<WrongPasswords>();
        services.AddSingleton<BasicPassword>();
        services.AddSingleton<Verifiers>();
        return services;
    }
}
