using Microsoft.Extensions.Options;

namespace Gatehouse.Facades.Xivo;

/// <summary>XiVO's XUC server as its clients see it (REST API 2.0, "auth"): login, check, and the trade of another's proof for a token. The token is an access token of ours.</summary>
public sealed class XivoFacade : IFacade
{
    private readonly string auth;
    private readonly CrossOrigin origins;
    private readonly ILogger logger;

    /// <summary>Reads the settings.</summary>
    public XivoFacade(IOptions<XivoSettings> options, ILogger<XivoFacade> logger)
    {
        auth = options.Value.Prefix + "/api/2.0/auth";
        origins = new CrossOrigin([.. options.Value.Origins], "GET, POST, OPTIONS", "Authorization, Content-Type");
        this.logger = logger;
    }

    /// <inheritdoc/>
    public string Name => "xivo";

    /// <inheritdoc/>
    public IReadOnlyList<string> Addresses => [auth];

    /// <summary>Adds it where its settings name a realm.</summary>
    internal static void Add(IServiceCollection services, IConfiguration section)
    {
        var own = section.GetSection("xivo");
        if (own["realm"] is not { Length: > 0 }) return;
        services.AddOptions<XivoSettings>().Bind(own).ValidateOnStart();
        services.AddSingleton<IValidateOptions<XivoSettings>, SettingsCheck>();
        services.AddSingleton<IFacade, XivoFacade>();
        services.AddSingleton<Desk>();
        services.AddSingleton<LoginEndpoint>();
        services.AddSingleton<CheckEndpoint>();
        services.AddSingleton<SsoEndpoint>();
        services.AddSingleton<CasEndpoint>();
        services.AddSingleton<OidcEndpoint>();
        services.AddHostedService<StartCheck>();
    }

    /// <inheritdoc/>
    public void Map(IEndpointRouteBuilder routes)
    {
        var services = routes.ServiceProvider;
        var (login, check) = (services.GetRequiredService<LoginEndpoint>(), services.GetRequiredService<CheckEndpoint>());
        Map("POST", "/login", login.AskAsync);
        Map("POST", "/webservice", login.AskAsync);
        Map("GET", "/check", check.AskAsync);
        Map("GET", "/sso", services.GetRequiredService<SsoEndpoint>().AskAsync);
        Map("GET", "/cas", services.GetRequiredService<CasEndpoint>().AskAsync);
        Map("GET", "/oidc", services.GetRequiredService<OidcEndpoint>().TokenAsync);
        Map("POST", "/oidc", services.GetRequiredService<OidcEndpoint>().CodeAsync);

        // What is asked otherwise is answered in the same form.
        routes.Map(auth + "/{**rest}", Always(context => Reply.FaultAsync(context, new Fault(404, Vendor.UnhandledError, "There is no such call, or not by this method."))));

        void Map(string method, string path, RequestDelegate endpoint) => routes.MapMethods(auth + path, [method], Always(endpoint));
    }

    private RequestDelegate Always(RequestDelegate endpoint) => origins.Allow(Reply.Always(endpoint, logger));

    private sealed class SettingsCheck : IValidateOptions<XivoSettings>
    {
        public ValidateOptionsResult Validate(string? name, XivoSettings options) => options.Fault() is { } fault ? ValidateOptionsResult.Fail(fault) : ValidateOptionsResult.Success;
    }

    // Realm and client may be made while the program runs, so what is missing is told and does not keep it from starting.
    private sealed class StartCheck(Desk desk, ILogger<XivoFacade> logger) : IHostedService
    {
        public async Task StartAsync(CancellationToken cancellationToken)
        {
            if ((await desk.OpenAsync(cancellationToken)).Missing is { } missing) logger.LogWarning("The XiVO facade is on and cannot sign anybody in yet: {Missing}.", missing);
        }

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
