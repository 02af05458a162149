using System.Net;
using Gatehouse.Outbound;
using Microsoft.Extensions.Options;

namespace Gatehouse.Facades.Gadgets;

/// <summary>An OpenSocial gadget container as Finesse's gadgets know it, and a small agent desktop around it.</summary>
public sealed class GadgetsFacade(IOptions<GadgetsSettings> options, ILogger<GadgetsFacade> logger) : IFacade
{
    /// <inheritdoc/>
    public string Name => "gadgets";

    /// <inheritdoc/>
    public IReadOnlyList<string> Addresses => ["/gadgets", "/desk", .. options.Value.Assets.Length > 0 ? VendorFiles.Places : []];

    /// <summary>Adds it where its settings name a realm.</summary>
    internal static void Add(IServiceCollection services, IConfiguration section)
    {
        var own = section.GetSection("gadgets");
        if (own["realm"] is not { Length: > 0 }) return;
        services.AddOptions<GadgetsSettings>().Bind(own).ValidateOnStart();
        services.AddSingleton<IValidateOptions<GadgetsSettings>, SettingsCheck>();
        services.AddSingleton<IFacade, GadgetsFacade>();
        services.AddSingleton<Ground>();
        services.AddSingleton<Files>();
        services.AddSingleton<VendorFiles>();
        services.AddSingleton<Specs>();
        services.AddSingleton<SecurityTokens>();
        services.AddSingleton<Refusals>();
        services.AddSingleton(provider => new GuardedHttp([.. provider.GetRequiredService<IOptions<GadgetsSettings>>().Value.Networks.Select(text => IPNetwork.Parse(text))]));
        services.AddSingleton<TokensEndpoint>();
        services.AddSingleton<FrameEndpoint>();
        services.AddSingleton<ProxyEndpoint>();
        services.AddSingleton<SessionEndpoint>();
        services.AddSingleton<ForgedEndpoint>();
        services.AddSingleton<DeskPage>();
        services.AddHostedService<StartCheck>();
    }

    /// <inheritdoc/>
    public void Map(IEndpointRouteBuilder routes)
    {
        var services = routes.ServiceProvider;
        var (frame, proxy) = (services.GetRequiredService<FrameEndpoint>(), services.GetRequiredService<ProxyEndpoint>());
        Map("GET", "/gadgets/ifr", frame.ShowAsync);
        Map("POST", "/gadgets/ifr", frame.FilledAsync);
        Map("POST", "/gadgets/makeRequest", proxy.AskAsync);
        Map("OPTIONS", "/gadgets/makeRequest", proxy.AllowAsync);
        Map("POST", "/gadgets/tokens", services.GetRequiredService<TokensEndpoint>().AskAsync);
        Map("POST", "/gadgets/session", services.GetRequiredService<SessionEndpoint>().PostAsync);
        Map("DELETE", "/gadgets/session", services.GetRequiredService<SessionEndpoint>().DeleteAsync);
        Map("POST", "/gadgets/forged", services.GetRequiredService<ForgedEndpoint>().HearAsync);
        Map("GET", "/desk", services.GetRequiredService<DeskPage>().ShowAsync);
        Map("GET", "/gadgets/js/{name}", services.GetRequiredService<Files>().SendAsync);
        if (options.Value.Assets.Length > 0)
            foreach (var place in VendorFiles.Places) Map("GET", place + "/{**path}", services.GetRequiredService<VendorFiles>().SendAsync);

        void Map(string method, string path, RequestDelegate endpoint) => routes.MapMethods(path, [method], Reply.Always(endpoint, logger));
    }

    private sealed class SettingsCheck : IValidateOptions<GadgetsSettings>
    {
        public ValidateOptionsResult Validate(string? name, GadgetsSettings options) => options.Fault() is { } fault ? ValidateOptionsResult.Fail(fault) : ValidateOptionsResult.Success;
    }

    // Realm and client may be made while the program runs, so what is missing is told, once all is up, and does not keep it from starting.
    private sealed class StartCheck(Ground ground, IHostApplicationLifetime lifetime, ILogger<GadgetsFacade> logger) : BackgroundService
    {
        protected override async Task ExecuteAsync(CancellationToken stoppingToken)
        {
            var up = new TaskCompletionSource();
            await using var hearing = lifetime.ApplicationStarted.Register(up.SetResult);
            await up.Task.WaitAsync(stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (!stoppingToken.IsCancellationRequested && (await ground.OpenAsync(stoppingToken)).Missing is { } missing) logger.LogWarning("The gadget container is on and has no tokens for its gadgets yet: {Missing}.", missing);
        }
    }
}
