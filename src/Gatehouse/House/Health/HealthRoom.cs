namespace Gatehouse.House.Health;

/// <summary>Says whether the program lives and whether it is ready to serve.</summary>
public static class HealthRoom
{
    /// <summary>Maps <c>/health/live</c> (the process runs) and <c>/health/ready</c> (started, not draining).</summary>
    public static void MapHealth(IEndpointRouteBuilder routes)
    {
        var lifetime = routes.ServiceProvider.GetRequiredService<IHostApplicationLifetime>();
        routes.MapGet("/health/live", () => Results.Text("live"));
        routes.MapGet("/health/ready", () =>
        {
            var ready = lifetime.ApplicationStarted.IsCancellationRequested && !lifetime.ApplicationStopping.IsCancellationRequested;
            return Results.Text(ready ? "ready" : "not ready", statusCode: ready ? 200 : 503);
        });
    }
}
