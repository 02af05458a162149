using Gatehouse.People;
using Gatehouse.SignIn.Import;
using Gatehouse.SignIn.OneTime;
using Gatehouse.SignIn.Steps;
using Microsoft.Extensions.Options;

namespace Gatehouse.SignIn;

/// <summary>Owns how a person gets in: stored interactions, steps, password hashing, throttling, sign-out, the import of an upstream's people. Never renders a page and never issues a token.</summary>
public static class SignInRoom
{
    /// <summary>Adds the sign-in.</summary>
    public static IServiceCollection AddSignIn(this IServiceCollection services, IConfiguration section)
    {
        services.AddOptions<SignInSettings>().Bind(section)
            .Validate(settings => settings.PasswordIterations >= 100_000, "signin:passwordIterations must be 100000 or more (OWASP: 210000 for PBKDF2-HMAC-SHA512).")
            .Validate(settings => settings.PasswordThreads is >= 1 and <= 64, "signin:passwordThreads must be 1 to 64.")
            .Validate(settings => settings.Beginnings is >= 1 and <= 1_000_000, "signin:beginnings must be 1 to 1000000.")
            .Validate(settings => settings.BeginningsPerMinute is >= 1 and <= 1_000_000, "signin:beginningsPerMinute must be 1 to 1000000.")
            .ValidateOnStart();
        services.AddOptions<OneTimeSettings>().Bind(section.GetSection("onetime")).ValidateOnStart();
        services.AddSingleton<IValidateOptions<OneTimeSettings>, OneTimeCheck>();
        services.AddSingleton<OneTimeStore>();
        services.AddSingleton<TextMessages>();
        services.AddSingleton<InterimTickets>();
        services.AddSingleton<SecondFactor>();
        services.AddSingleton<Entrance>();
        services.AddSingleton<Passwords>();
        services.AddSingleton<Beginnings>();
        services.AddSingleton<Interactions>();
        services.AddSingleton<Guard>();
        services.AddSingleton<UpstreamPasswords>();
        services.AddSingleton<Continuity>();
        services.AddSingleton<PendingLinks>();
        services.AddSingleton<CodeStep>();
        services.AddSingleton<PasswordStep>();
        services.AddSingleton<Direct>();
        services.AddSingleton<HandOvers>();
        services.AddSingleton<HandedOver>();
        services.AddSingleton<IProvesPasswords, Proving>();
        services.AddHostedService<ContinuityWatch>();
        services.AddSingleton<UpstreamStep>();
        services.AddSingleton<UpstreamSignOut>();
        services.AddSingleton<ISignOutWay>(provider => provider.GetRequiredService<UpstreamSignOut>());
        services.AddSingleton<SignOutWays>();
        services.AddSingleton<Dispatcher>();
        services.AddSingleton<Arrival>();
        services.AddSingleton<SignOut>();
        services.AddSingleton<PasswordPlace>();
        services.AddSingleton<PeopleImport>();
        services.AddSingleton<ImportTurns>();
        services.AddHostedService(parts => parts.GetRequiredService<ImportTurns>());
        services.AddHostedService<SignInUpkeep>();
        return services;
    }

    private sealed class OneTimeCheck : IValidateOptions<OneTimeSettings>
    {
        public ValidateOptionsResult Validate(string? name, OneTimeSettings options) => options.Fault() is { } fault ? ValidateOptionsResult.Fail(fault) : ValidateOptionsResult.Success;
    }
}

/// <summary>Settings of the sign-in.</summary>
public sealed class SignInSettings
{
    /// <summary>PBKDF2-HMAC-SHA512 iterations (OWASP Password Storage Cheat Sheet: 210,000).</summary>
    public int PasswordIterations { get; set; } = 210_000;

    /// <summary>Threads that hash passwords; no more hashes run at once.</summary>
    public int PasswordThreads { get; set; } = Math.Max(1, Environment.ProcessorCount - 1);

    /// <summary>Hashes that may wait for who signs in, and as many for requests with passwords; beyond it the answer is 503.</summary>
    public int PasswordQueue { get; set; } = 256;

    /// <summary>Sign-ins that browsers of one network (/24, /56) may begin at once, on each node: all tabs of a site behind one address. A beginning of more than 4 KiB counts for several.</summary>
    public int Beginnings { get; set; } = 20_000;

    /// <summary>How many more they may begin each minute after that; what is above is answered 429.</summary>
    public int BeginningsPerMinute { get; set; } = 1200;
}

/// <summary>Forgets old interactions and one-time codes in small steps.</summary>
internal sealed class SignInUpkeep(Interactions interactions, OneTimeStore oneTime, TimeProvider time, ILogger<SignInUpkeep> logger) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMinutes(1), time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                try
                {
                    await interactions.PruneAsync(stoppingToken);
                    await oneTime.PruneAsync(stoppingToken);
                }
                catch (Exception wrong) when (wrong is System.Data.Common.DbException or Storage.StorageFault)
                {
                    logger.LogWarning("Old interactions could not be pruned: {Message}", wrong.Message);
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The end.
        }
    }
}
