namespace Gatehouse.House.Health;

/// <summary>Says whether the program lives and whether it is ready to serve.</summary>
public static class HealthRoom
{
    /// <summary>Maps <c>/health/live</c> (the process runs), <c>/health/ready</c> (started, not draining) and <c>/health/access</c> (no newer access file was refused: the old one serves on, so readiness does not change), <c>/health/providers</c> (no provider needs care).</summary>
    public static void MapHealth(IEndpointRouteBuilder routes)
    {
        var lifetime = routes.ServiceProvider.GetRequiredService<IHostApplicationLifetime>();
        routes.MapGet("/health/live", () => Results.Text("live"));
        var rules = routes.ServiceProvider.GetRequiredService<Gateway.Access.Rules>();
        routes.MapGet("/health/access", () => rules.Findings.Refused is { } refused
            ? Results.Text($"The access file on disk has {refused.Count(one => one.Severity == Gateway.Access.Severity.Error)} errors and does not count; the one before stays in force. 'gatehouse check' names them.", statusCode: 503)
            : Results.Text("in force"));
        var upstreams = routes.ServiceProvider.GetRequiredService<Federation.Upstreams>();
        routes.MapGet("/health/providers", () => upstreams.Alarms().Select(one => $"Provider '{one.Upstream.Alias}' of the realm '{one.Upstream.Realm}' needs care: 'gatehouse providers test' tells why.").Distinct().ToList() is { Count: > 0 } care
            ? Results.Text(string.Join('\n', care), statusCode: 503)
            : Results.Text("in order"));
        routes.MapGet("/health/ready", () =>
        {
            var ready = lifetime.ApplicationStarted.IsCancellationRequested && !lifetime.ApplicationStopping.IsCancellationRequested;
            return Results.Text(ready ? "ready" : "not ready", statusCode: ready ? 200 : 503);
        });
    }
}
