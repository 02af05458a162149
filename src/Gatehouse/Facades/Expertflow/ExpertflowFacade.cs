using Gatehouse.Facades.Expertflow.OneTime;
using Gatehouse.Facades.Expertflow.Teams;
using Gatehouse.Facades.Expertflow.Until;
using Gatehouse.Outbound;
using Gatehouse.People;
using Microsoft.Extensions.Options;

namespace Gatehouse.Facades.Expertflow;

/// <summary>Expertflow CX' sign-in calls as its clients send them (agent-manager, unified-admin). Each is on while it has an end date; the tokens are ordinary ones of ours.</summary>
public sealed class ExpertflowFacade(IOptions<UntilSettings> until, TimeProvider time, ILogger<ExpertflowFacade> logger) : IFacade
{
    private readonly IReadOnlyList<RouteEnd> ends = RouteEnd.Of(until.Value);

    /// <inheritdoc/>
    public string Name => "expertflow";

    /// <inheritdoc/>
    public IReadOnlyList<string> Addresses => [];

    /// <inheritdoc/>
    public IReadOnlyList<string> ExactAddresses => [.. ends.Select(end => end.Path)];

    /// <summary>Adds it where its settings name a realm.</summary>
    internal static void Add(IServiceCollection services, IConfiguration section)
    {
        var own = section.GetSection("expertflow");
        if (own["realm"] is not { Length: > 0 }) return;
        Settings<ExpertflowSettings>("", settings => settings.Fault());
        Settings<UntilSettings>("until", RouteEnd.Fault);
        Settings<TeamsSettings>("teams", settings => settings.Fault());
        services.AddSingleton<IFacade, ExpertflowFacade>();
        services.AddSingleton<ITeams>(parts => parts.GetRequiredService<IOptions<TeamsSettings>>().Value.Server is { Length: > 0 } server ? new ServerTeams(parts.GetRequiredService<OutboundHttp>(), server) : new GroupTeams(parts.GetRequiredService<Groups>()));
        services.AddSingleton<EntryCheck>();
        services.AddSingleton<Seals>();
        services.AddSingleton<Strangers>();
        services.AddSingleton<Desk>();
        services.AddSingleton<FinesseHosts>();
        services.AddSingleton<LoginEndpoint>();
        services.AddSingleton<RefreshEndpoint>();
        services.AddSingleton<FirstFactor>();
        services.AddSingleton<OneTimeEndpoints>();
        services.AddHostedService<StartCheck>();

        void Settings<T>(string name, Func<T, string?> fault) where T : class
        {
            services.AddOptions<T>().Bind(name.Length == 0 ? own : own.GetSection(name)).ValidateOnStart();
            services.AddSingleton<IValidateOptions<T>>(new SettingsCheck<T>(fault));
        }
    }

    /// <summary>What somebody should see to in its settings.</summary>
    internal static IReadOnlyList<string> Told(IConfiguration section, DateTimeOffset now)
    {
        var own = section.GetSection("expertflow");
        if (own["realm"] is not { Length: > 0 }) return [];
        var until = own.GetSection("until").Get<UntilSettings>() ?? new UntilSettings();
        return RouteEnd.Fault(until) is { } fault ? [fault] : [.. RouteEnd.Of(until).Select(end => end.Warning(now, until.Notice)).OfType<string>()];
    }

    /// <inheritdoc/>
    public void Map(IEndpointRouteBuilder routes)
    {
        var services = routes.ServiceProvider;
        var (login, refresh, oneTime) = (services.GetRequiredService<LoginEndpoint>(), services.GetRequiredService<RefreshEndpoint>(), services.GetRequiredService<OneTimeEndpoints>());
        foreach (var end in ends)
        {
            var (message, endpoint) = end.Path switch
            {
                Expertflow.Addresses.Login => (Vendor.LoginFailed, login.AgentAsync),
                Expertflow.Addresses.KeycloakLogin => (Vendor.LoginFailed, login.AdminAsync),
                Expertflow.Addresses.RegisterPhone => (Vendor.OneTimeFailed, oneTime.RegisterAsync),
                Expertflow.Addresses.SendSmsOtp => (Vendor.OneTimeFailed, oneTime.SendAsync),
                Expertflow.Addresses.ValidateOtp => (Vendor.OneTimeFailed, oneTime.ValidateAsync),
                _ => (Vendor.RefreshFailed, (RequestDelegate)refresh.AskAsync),
            };
            routes.MapMethods(end.Path, ["POST"], Reply.Always(message, end.Guard(endpoint, until.Value.Notice, time, (context, over) => OverAsync(context, message, over)), logger));

            // What is asked otherwise is answered in the same form.
            routes.Map(end.Path, context => Reply.FaultAsync(context, new Fault(405, message, "This call is a POST.") { Code = "method_not_allowed" }));
        }
    }

    private static Task OverAsync(HttpContext context, string message, RouteEnd over)
        => Reply.FaultAsync(context, new Fault(403, message, $"This call ended on {over.LastDay:yyyy-MM-dd}. Sign in by the page of the realm (OpenID Connect); the operator can set a later day.") { Code = "call_ended", Unnoted = true });

    private sealed class SettingsCheck<T>(Func<T, string?> fault) : IValidateOptions<T> where T : class
    {
        public ValidateOptionsResult Validate(string? name, T options) => fault(options) is { } wrong ? ValidateOptionsResult.Fail(wrong) : ValidateOptionsResult.Success;
    }

    // Realm and client may be made while the program runs, so what is missing is told and does not keep it from starting.
    private sealed class StartCheck(Desk desk, IOptions<UntilSettings> until, TimeProvider time, ILogger<ExpertflowFacade> logger) : IHostedService
    {
        public async Task StartAsync(CancellationToken cancellationToken)
        {
            foreach (var end in RouteEnd.Of(until.Value))
                if (end.Warning(time.GetUtcNow(), until.Value.Notice) is { } warning) logger.LogWarning("{Warning}", warning);
            foreach (var setting in RouteEnd.Unanswered(until.Value, desk.SecondFactor)) logger.LogWarning("A second factor is asked for, and a call that it needs is not answered here: set facades:expertflow:until:{Setting}.", setting);
            if ((await desk.OpenAsync(cancellationToken)).Missing is { } missing) logger.LogWarning("The Expertflow facade is on and cannot sign anybody in yet: {Missing}.", missing);
        }

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
