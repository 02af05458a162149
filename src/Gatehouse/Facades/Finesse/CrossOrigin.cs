namespace Gatehouse.Facades.Finesse;

/// <summary>Pages on other hosts: an origin that is listed may read the answers and have its browser send its cookies where the browser agrees; any other is told nothing.</summary>
internal static class CrossOrigin
{
    public static RequestDelegate Allow(string[] origins, RequestDelegate endpoint) => context =>
    {
        var headers = context.Response.Headers;
        if (origins.Length > 0) headers.Vary = "Origin";
        var listed = context.Request.Headers.Origin is [{ Length: > 0 } origin] && Array.IndexOf(origins, origin) >= 0;
        if (listed)
        {
            // Fetch, 3.2.5: with credentials the origin is named, never "*".
            headers.AccessControlAllowOrigin = context.Request.Headers.Origin;
            headers.AccessControlAllowCredentials = "true";
        }

        if (!HttpMethods.IsOptions(context.Request.Method)) return endpoint(context);
        if (listed)
        {
            headers.AccessControlAllowMethods = "GET, POST, PUT, OPTIONS";
            // The vendor's library sends the last three.
            headers.AccessControlAllowHeaders = "Authorization, Content-Type, requestId, locale, Range";
            headers.AccessControlMaxAge = "600";
        }

        context.Response.StatusCode = 204;
        return Task.CompletedTask;
    };
}
