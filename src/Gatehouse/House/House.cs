using Microsoft.AspNetCore.Http.Features;

namespace Gatehouse.House;

/// <summary>The list of rooms, and the only wiring. Remove a line, remove a feature.</summary>
public static class House
{
    /// <summary>Adds every room's parts, ground first: hosted parts start in this order and stop in reverse.</summary>
    public static IServiceCollection AddRooms(IServiceCollection services, IConfiguration settings)
    {
        return services;
    }

    /// <summary>Lays out the pipeline and maps the doors.</summary>
    public static void MapRooms(WebApplication app)
    {
        app.Use((context, next) => Planes.IsIdentity(context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget) ? Planes.IdentityAsync(context, _ => next(context)) : NoGateAsync(context));
        app.UseRouting();
        Health.HealthRoom.MapHealth(app);
    }

    private static Task NoGateAsync(HttpContext context)
    {
        context.Response.StatusCode = 404;
        return Task.CompletedTask;
    }
}
