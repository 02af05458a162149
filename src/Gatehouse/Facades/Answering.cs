using Gatehouse.SignIn;
using Gatehouse.Storage;

namespace Gatehouse.Facades;

/// <summary>Whatever goes wrong inside is an answer in the vendor's own form: a client that is answered nothing it can read keeps asking.</summary>
internal static class Answering
{
    /// <summary>The endpoint; <paramref name="later"/> tells that too much waits, <paramref name="broken"/> that it failed, which the log explains.</summary>
    public static RequestDelegate Always(RequestDelegate endpoint, Func<HttpContext, Task> later, Func<HttpContext, Task> broken, ILogger logger) => async context =>
    {
        try
        {
            await endpoint(context);
        }
        catch (StorageBusy) when (!context.Response.HasStarted)
        {
            await later(context);
        }
        catch (Exception wrong) when (wrong is not BeginningRefused && !context.Response.HasStarted && !context.RequestAborted.IsCancellationRequested)
        {
            logger.LogError(wrong, "An answer at {Path} failed.", context.Request.Path.Value);
            await broken(context);
        }
    };
}
