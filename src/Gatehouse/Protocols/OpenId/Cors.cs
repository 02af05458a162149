using Gatehouse.Clients;

namespace Gatehouse.Protocols.OpenId;

/// <summary>Cross-origin calls of browser clients: the answer is readable only by an origin that the client lists.</summary>
internal static class Cors
{
    /// <summary>Answers a preflight. It tells nothing and allows nothing that the answer itself does not repeat for the client's own origins.</summary>
    public static Task PreflightAsync(HttpContext context)
    {
        var headers = context.Response.Headers;
        if (context.Request.Headers.Origin is [{ Length: > 0 } origin])
        {
            headers.AccessControlAllowOrigin = origin;
            headers.AccessControlAllowMethods = "GET, POST, OPTIONS";
            headers.AccessControlAllowHeaders = "Authorization, Content-Type, DPoP";
            headers.AccessControlMaxAge = "600";
            headers.Vary = "Origin";
        }

        context.Response.StatusCode = 204;
        return Task.CompletedTask;
    }

    /// <summary>Lets the client's own origins read the answer. <c>+</c> stands for the origins of its redirect addresses and <c>*</c> for all, as in Keycloak; no answer here depends on a cookie.</summary>
    public static void Allow(HttpContext context, Client client)
    {
        context.Response.Headers.Vary = "Origin";
        if (context.Request.Headers.Origin is not [{ Length: > 0 } origin] || !Lists(client, origin)) return;
        context.Response.Headers.AccessControlAllowOrigin = origin;
        context.Response.Headers.AccessControlExposeHeaders = "WWW-Authenticate";
    }

    /// <summary>Public data: anybody may read it.</summary>
    public static void AllowAll(HttpContext context) => context.Response.Headers.AccessControlAllowOrigin = "*";

    private static bool Lists(Client client, string origin)
    {
        foreach (var one in client.WebOrigins)
        {
            if (one == origin || one == "*") return true;
            if (one != "+") continue;
            foreach (var uri in client.RedirectUris)
                if (Uri.TryCreate(uri, UriKind.Absolute, out var parsed) && parsed.GetLeftPart(UriPartial.Authority) == origin) return true;
        }

        return false;
    }
}
