using Gatehouse.SignIn;
using Gatehouse.Tokens.Grants;
using Microsoft.Extensions.Options;

namespace Gatehouse.Facades.Keycloak;

/// <summary>What Keycloak's own clients do and we do not offer otherwise: the old prefix before all addresses, and names and passwords posted to the token endpoint.</summary>
public sealed class KeycloakFacade(IOptions<KeycloakSettings> options) : IFacade
{
    /// <inheritdoc/>
    public string Name => "keycloak";

    /// <inheritdoc/>
    public IReadOnlyList<string> Addresses => [];

    /// <inheritdoc/>
    public IReadOnlyList<string> Prefixes => options.Value.Prefix.Length > 0 ? [options.Value.Prefix] : [];

    /// <summary>Adds it where its settings say something.</summary>
    internal static void Add(IServiceCollection services, IConfiguration section)
    {
        var own = section.GetSection("keycloak");
        var read = new KeycloakSettings();
        own.Bind(read);
        if (!read.IsOn) return;
        services.AddOptions<KeycloakSettings>().Bind(own).ValidateOnStart();
        services.AddSingleton<IValidateOptions<KeycloakSettings>, SettingsCheck>();
        services.AddSingleton<IFacade, KeycloakFacade>();
        if (read.PasswordClients.Count == 0) return;
        services.AddSingleton<PasswordGrant>();
        services.AddSingleton<IGrant>(provider => provider.GetRequiredService<PasswordGrant>());
        services.AddSingleton<INamesPasswordClients>(provider => provider.GetRequiredService<PasswordGrant>());
        services.AddHostedService<EndCheck>();
    }

    /// <inheritdoc/>
    public void Map(IEndpointRouteBuilder routes)
    {
        // It has no addresses of its own: the prefix is taken off, and the grant is asked by the token endpoint.
    }

    private sealed class SettingsCheck : IValidateOptions<KeycloakSettings>
    {
        public ValidateOptionsResult Validate(string? name, KeycloakSettings options) => options.Fault() is { } fault ? ValidateOptionsResult.Fail(fault) : ValidateOptionsResult.Success;
    }

    // Whoever forgot it is told at each start, before and after.
    private sealed class EndCheck(IOptions<KeycloakSettings> options, TimeProvider time, ILogger<KeycloakFacade> logger) : IHostedService
    {
        public Task StartAsync(CancellationToken cancellationToken)
        {
            foreach (var client in options.Value.PasswordClients)
            {
                if (client.Ends <= time.GetUtcNow()) logger.LogWarning("The client {Client} of realm {Realm} may no longer post passwords: its last day was {Until} (facades:keycloak:passwordClients).", client.Client, client.Realm, client.Until);
                else logger.LogWarning("The client {Client} of realm {Realm} may post names and passwords until {Until}: every password passes through it (RFC 9700, 2.4).", client.Client, client.Realm, client.Until);
            }

            return Task.CompletedTask;
        }

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
