using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace Gatehouse.House;

/// <summary>
/// The second wall around identity's endpoints: the listener itself takes no more of a body, and none that trickles, whatever an endpoint forgets. Each endpoint has a smaller bound of its own (<see cref="SignIn.PatientBody"/>).
/// The gate streams what services send one another, and has neither.
/// </summary>
internal static class IdentityBounds
{
    /// <summary>Most bytes of a body: SAML messages may have 768 KiB, JSON of the admin API 256 KiB, forms 64 KiB.</summary>
    public const long MostBody = 1024 * 1024;

    // The listener's own default: 240 bytes a second, after five seconds.
    private static readonly MinDataRate Slowest = new(240, TimeSpan.FromSeconds(5));

    /// <summary>Sets the bounds, before anything of the body was read.</summary>
    public static void Set(HttpContext context)
    {
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size) size.MaxRequestBodySize = MostBody;

        // HTTP/2 has one rate for a whole connection, on which the gate's streams are too.
        if (!HttpProtocol.IsHttp2(context.Request.Protocol) && context.Features.Get<IHttpMinRequestBodyDataRateFeature>() is { } rate) rate.MinDataRate = Slowest;
    }

    /// <summary>A body that cannot be read is the sender's fault, and no error of ours: the status that the listener gives it, not a stack trace in the log.</summary>
    public static RequestDelegate OrAnswer(RequestDelegate next) => async context =>
    {
        try
        {
            await next(context);
        }
        catch (Microsoft.AspNetCore.Http.BadHttpRequestException wrong) when (!context.Response.HasStarted)
        {
            context.Response.StatusCode = wrong.StatusCode;
            context.Response.Headers.CacheControl = "no-store";
        }
    };
}
