namespace Gatehouse.Audit;

/// <summary>Owns what happened: sign-ins, tokens, refusals, admin changes, and what would have been refused in observe mode. Never holds a secret, never decides anything.</summary>
public static class AuditRoom
{
    /// <summary>Adds the audit log, the ledger of observe mode, and their background writers.</summary>
    public static IServiceCollection AddAudit(this IServiceCollection services, IConfiguration section)
    {
        services.AddOptions<AuditSettings>().Bind(section).Validate(settings => settings.Keep >= TimeSpan.FromDays(1), "audit:keep must be a day or more.").ValidateOnStart();
        services.AddSingleton<AuditLog>();
        services.AddHostedService<AuditWriter>();
        services.AddSingleton<ObservedStore>();
        services.AddSingleton<ObservedLedger>();
        services.AddHostedService<ObservedWriter>();
        return services;
    }
}

/// <summary>How long events are kept.</summary>
public sealed class AuditSettings
{
    /// <summary>Age at which events are pruned.</summary>
    public TimeSpan Keep { get; set; } = TimeSpan.FromDays(90);
}
