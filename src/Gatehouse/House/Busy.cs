using Gatehouse.SignIn;
using Gatehouse.Storage;
using Gatehouse.Terms;

namespace Gatehouse.House;

/// <summary>When more writes wait than the disk takes: 503 with Retry-After wherever a door has no form of its own for it; likewise 429 when one network begins more sign-ins than it may.</summary>
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
        catch (BeginningRefused refused) when (!context.Response.HasStarted)
        {
            refused.Write(context.Response);
            await context.RequestServices.GetRequiredService<ShowFault>()(context, context.Request.RouteValues["realm"] as string, refused.Reason, $"{refused.Reason.Title} {refused.Reason.Hint}");
        }
    };
}
