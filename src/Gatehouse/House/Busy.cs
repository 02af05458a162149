using Gatehouse.Storage;
using Gatehouse.Terms;

namespace Gatehouse.House;

/// <summary>When more writes wait than the disk takes: 503 with Retry-After wherever a door has no form of its own for it.</summary>
internal static class Busy
{
    public static RequestDelegate OrAnswer(RequestDelegate next) => async context =>
    {
        try
        {
            await next(context);
        }
        catch (StorageBusy) when (!context.Response.HasStarted)
        {
            var response = context.Response;
            response.StatusCode = Reasons.Busy.Status;
            response.Headers.RetryAfter = "2";
            response.Headers.CacheControl = "no-store";
            response.ContentType = "text/plain; charset=utf-8";
            await response.WriteAsync($"{Reasons.Busy.Title} {Reasons.Busy.Hint}", context.RequestAborted);
        }
    };
}
