namespace Gatehouse.Facades;

/// <summary>Pages on other hosts: an origin that is listed may read the answers and have its browser send cookies and tickets where the browser agrees; any other is told nothing.</summary>
/// <param name="origins">The origins that are listed.</param>
/// <param name="methods">Methods that such a page may use.</param>
/// <param name="sent">Headers that such a page may send.</param>
internal sealed class CrossOrigin(string[] origins, string methods, string sent)
{
    /// <summary>The endpoint, which answers preflights too.</summary>
    public RequestDelegate Allow(RequestDelegate endpoint) => context =>
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
            headers.AccessControlAllowMethods = methods;
            headers.AccessControlAllowHeaders = sent;
            headers.AccessControlMaxAge = "600";
        }

        context.Response.StatusCode = 204;
        return Task.CompletedTask;
    };
}
