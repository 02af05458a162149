using Gatehouse.Federation;
using Gatehouse.Tokens.Grants;

namespace Gatehouse.Tokens;

/// <summary>Owns the mint: every token is made by <see cref="Issuer"/> after one checklist, verified by <see cref="Verify"/>, ended by <see cref="Revocations"/>. Never asks a person anything.</summary>
public static class TokensRoom
{
    /// <summary>Adds the mint, the grants, and the checks that answer from memory.</summary>
    public static IServiceCollection AddTokens(this IServiceCollection services, IConfiguration section)
    {
        services.AddOptions<TokensSettings>().Bind(section)
            .Validate(settings => Uri.TryCreate(settings.PublicUrl, UriKind.Absolute, out var url) && url.Scheme is "http" or "https", "tokens:publicUrl must be the address under which clients see this program, as https://sso.example.org.")
            .Validate(settings => settings.IssuerPath.Length == 0 || (settings.IssuerPath.Length > 1 && settings.IssuerPath[0] == '/' && settings.IssuerPath[1..].All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_')), "tokens:issuerPath must be a path of one part, as /auth, or empty.")
            .ValidateOnStart();
        services.AddSingleton<Issuers>();
        services.AddSingleton<Revocations>();
        services.AddSingleton<GadgetStops>();
        services.AddSingleton<Codes>();
        services.AddSingleton<RefreshTokens>();
        services.AddSingleton<Issuer>();
        services.AddSingleton<Verify>();
        services.AddSingleton<Introspect>();
        services.AddSingleton<Revoke>();
        services.AddSingleton<UpstreamTokens>();
        services.AddSingleton<AuthorizationCodeGrant>();
        services.AddSingleton<IGrant>(provider => provider.GetRequiredService<AuthorizationCodeGrant>());
        services.AddSingleton<IGrant, ClientCredentialsGrant>();
        services.AddSingleton<RefreshGrant>();
        services.AddSingleton<IGrant>(provider => provider.GetRequiredService<RefreshGrant>());
        services.AddSingleton<Vouching>();
        services.AddSingleton<ExchangeGrant>();
        services.AddSingleton<IGrant>(provider => provider.GetRequiredService<ExchangeGrant>());
        services.AddSingleton<IGrant>(provider => new AssertionGrants(AssertionGrants.Jwt, ProofType.Jwt, provider.GetRequiredService<Vouching>()));
        services.AddSingleton<IGrant>(provider => new AssertionGrants(AssertionGrants.Saml, ProofType.Saml, provider.GetRequiredService<Vouching>()));
        services.AddHostedService<TokensUpkeep>();
        return services;
    }
}

/// <summary>Settings of the mint.</summary>
public sealed class TokensSettings
{
    /// <summary>Address under which clients see this program (<c>--public-url</c>); empty means where it listens. Issuers are <c>{PublicUrl}/realms/{realm}</c>.</summary>
    public string PublicUrl { get; set; } = "";

    /// <summary>What stands before <c>/realms</c> in issuers and in the addresses that metadata names, as <c>/auth</c> where clients were made for Keycloak before 17 and compare them; needs <c>facades:keycloak:prefix</c>. Tokens made without it stay good.</summary>
    public string IssuerPath { get; set; } = "";

    /// <summary>Difference of clocks that is forgiven, in seconds.</summary>
    public int ClockSkewSeconds { get; set; } = 60;
}

/// <summary>Loads revocations before serving; prunes codes, refresh tokens and revocations in small steps.</summary>
internal sealed class TokensUpkeep(Revocations revocations, GadgetStops stops, Codes codes, RefreshTokens refreshTokens, TimeProvider time, ILogger<TokensUpkeep> logger) : BackgroundService
{
    private static readonly TimeSpan Every = TimeSpan.FromMinutes(1);

    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        await revocations.LoadAsync(cancellationToken);
        await stops.LoadAsync(cancellationToken);
        await base.StartAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Every, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                try
                {
                    await codes.PruneAsync(stoppingToken);
                    await refreshTokens.PruneAsync(stoppingToken);
                    await revocations.PruneAsync(stoppingToken);
                }
                catch (Exception wrong) when (wrong is System.Data.Common.DbException or Storage.StorageFault)
                {
                    logger.LogWarning("Old tokens could not be pruned: {Message}", wrong.Message);
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The end.
        }
    }
}
