using Gatehouse.Wire.OAuth;
using Microsoft.Extensions.Options;

namespace Gatehouse.Facades.Finesse;

/// <summary>Cisco Finesse as its clients see it before and while they sign in (11.6 to 12.6): the system's and the person's mode, the desktop's SSO addresses, the identity service, and the user's own object. Tokens are access tokens of ours.</summary>
public sealed class FinesseFacade : IFacade
{
    private const string Api = "/finesse/api";
    private const string Sso = "/desktop/sso";
    private const string Ids = "/ids/v1/oauth";

    private readonly CrossOrigin origins;
    private readonly ILogger logger;

    /// <summary>Reads the settings.</summary>
    public FinesseFacade(IOptions<FinesseSettings> options, ILogger<FinesseFacade> logger)
    {
        // The vendor's library sends the last three.
        origins = new CrossOrigin([.. options.Value.Origins], "GET, POST, PUT, OPTIONS", "Authorization, Content-Type, requestId, locale, Range");
        this.logger = logger;
    }

    /// <inheritdoc/>
    public string Name => "finesse";

    /// <inheritdoc/>
    public IReadOnlyList<string> Addresses => [Api, Sso, Ids];

    /// <summary>Adds it where its settings name a realm.</summary>
    internal static void Add(IServiceCollection services, IConfiguration section)
    {
        var own = section.GetSection("finesse");
        if (own["realm"] is not { Length: > 0 }) return;
        services.AddOptions<FinesseSettings>().Bind(own).ValidateOnStart();
        services.AddSingleton<IValidateOptions<FinesseSettings>, SettingsCheck>();
        services.AddSingleton<IFacade, FinesseFacade>();
        services.AddSingleton<Site>();
        services.AddSingleton<Modes>();
        services.AddSingleton<Agents>();
        services.AddSingleton<Curiosity>();
        services.AddSingleton<SystemEndpoint>();
        services.AddSingleton<UserAuthModeEndpoint>();
        services.AddSingleton<Seating>();
        services.AddSingleton<SsoTokens>();
        services.AddSingleton<SsoTokenEndpoint>();
        services.AddSingleton<SsoTestEndpoint>();
        services.AddSingleton<Admission>();
        services.AddSingleton<Teams>();
        services.AddSingleton<States>();
        services.AddSingleton<UserEndpoint>();
        services.AddSingleton<Applications>();
        services.AddSingleton<AuthorizeEndpoint>();
        services.AddSingleton<IdentityEndpoints>();
        services.AddHostedService<StartCheck>();
    }

    /// <summary>What somebody should see to in the settings.</summary>
    internal static IReadOnlyList<string> Told(IConfiguration section, DateTimeOffset now)
    {
        var own = section.GetSection("finesse");
        return own["realm"] is not { Length: > 0 } || own.Get<FinesseSettings>() is not { } settings ? [] : settings.Fault() is { } fault ? [fault] : settings.Warnings(now);
    }

    /// <inheritdoc/>
    public void Map(IEndpointRouteBuilder routes)
    {
        var services = routes.ServiceProvider;
        Rest("GET", "/SystemInfo", services.GetRequiredService<SystemEndpoint>().AskAsync);
        Rest("GET", "/UserAuthMode/{id}", services.GetRequiredService<UserAuthModeEndpoint>().AskAsync);
        var user = services.GetRequiredService<UserEndpoint>();
        Rest("GET", "/User/{id}", user.GetAsync);
        Rest("PUT", "/User/{id}", user.PutAsync);
        routes.Map(Api + "/{**rest}", Readable(context => Reply.ErrorAsync(context, ApiError.Nowhere), Reply.ErrorAsync));

        var sso = services.GetRequiredService<SsoTokenEndpoint>();
        Desktop("GET", "/token", sso.FetchAsync);
        Desktop("POST", "/token", sso.PostAsync);
        Desktop("GET", "/resume", sso.ResumeAsync);
        Desktop("GET", "/test", services.GetRequiredService<SsoTestEndpoint>().AskAsync);
        routes.Map(Sso + "/{**rest}", Readable(context => Json(context, ApiError.Nowhere), Json));

        var authorize = services.GetRequiredService<AuthorizeEndpoint>();
        var identity = services.GetRequiredService<IdentityEndpoints>();
        Service("GET", "/authorize", authorize.AskAsync);
        Service("GET", "/resume", authorize.ResumeAsync);
        Service("POST", "/token", identity.TokenAsync);
        Service("POST", "/introspect", identity.IntrospectAsync);
        Service("POST", "/validate", identity.ValidateAsync);
        routes.Map(Ids + "/{**rest}", Readable(context => OAuth(context, ApiError.Nowhere), OAuth));

        void Rest(string method, string path, RequestDelegate endpoint) => routes.MapMethods(Api + path, [method], Readable(endpoint, Reply.ErrorAsync));
        void Desktop(string method, string path, RequestDelegate endpoint) => routes.MapMethods(Sso + path, [method], Readable(endpoint, Json));
        void Service(string method, string path, RequestDelegate endpoint) => routes.MapMethods(Ids + path, [method], Readable(endpoint, OAuth));
    }

    private RequestDelegate Readable(RequestDelegate endpoint, Func<HttpContext, ApiError, Task> tell) => origins.Allow(Reply.Always(endpoint, tell, logger));

    private static Task Json(HttpContext context, ApiError error) => Reply.FaultAsync(context, error.Status, error.Type, error.Message);

    private static Task OAuth(HttpContext context, ApiError error) => Reply.OAuthAsync(context, new OAuthError(error.Status switch { 404 => "not_found", 503 => "temporarily_unavailable", _ => "server_error" }, error.Message, error.Status));

    private sealed class SettingsCheck : IValidateOptions<FinesseSettings>
    {
        public ValidateOptionsResult Validate(string? name, FinesseSettings options) => options.Fault() is { } fault ? ValidateOptionsResult.Fail(fault) : ValidateOptionsResult.Success;
    }

    // Realm and client may be made while the program runs, so what is missing is told and does not keep it from starting.
    private sealed class StartCheck(Site site, TimeProvider time, ILogger<FinesseFacade> logger) : IHostedLifecycleService
    {
        // Once all is up: the demo makes its realm while the program starts.
        public async Task StartedAsync(CancellationToken cancellationToken)
        {
            if ((await site.OpenAsync(cancellationToken)).Missing is { } missing) logger.LogWarning("The Finesse facade is on and cannot sign anybody in yet: {Missing}.", missing);
            foreach (var warning in site.Settings.Warnings(time.GetUtcNow())) logger.LogWarning("{Warning}", warning);
        }

        public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
