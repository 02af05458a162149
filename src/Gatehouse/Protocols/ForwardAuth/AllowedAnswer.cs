using Gatehouse.Credentials;
using Gatehouse.Gateway;
using Gatehouse.Terms;
using Gatehouse.Tokens;

namespace Gatehouse.Protocols.ForwardAuth;

/// <summary>
/// Says yes: 200, with what the gate would have sent to the upstream as headers for the proxy to set, and the names of what it would have taken out. The proxy's configuration lists the first by name;
/// a header that is listed and not in the answer must be cleared, which nginx, Traefik, Caddy and APISIX do.
/// </summary>
internal sealed class AllowedAnswer(UpstreamTokens tokens)
{
    // The proxy writes these itself, or needs them for its own work.
    private static readonly HashSet<string> Proxys = new(StringComparer.OrdinalIgnoreCase)
    {
        "Connection", "Keep-Alive", "Proxy-Connection", "Proxy-Authenticate", "Proxy-Authorization", "TE", "Transfer-Encoding", "Upgrade", "HTTP2-Settings", "Content-Length", "Host", "Expect", "Cookie", "Forwarded",
        "X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "X-Forwarded-Port", "X-Forwarded-Server", "X-Forwarded-Method", "X-Forwarded-Uri", "X-Real-IP",
    };

    /// <summary>Writes it.</summary>
    public async Task WriteAsync(HttpContext context, Brand brand, Ask ask, Decision.Pass pass, Ruleset now, CancellationToken stop)
    {
        var request = await now.Outbound[pass.Route.Service.Name].MakeAsync(ask, pass, tokens, null, stop);
        var (response, sent) = (context.Response, new HashSet<string>(StringComparer.OrdinalIgnoreCase));

        // What goes on as it is stands here too: where a proxy sets a listed header to what the answer says, silence would clear it.
        if (Finder.HeaderOf(ask.Headers) is { } own && !request.Remove.Contains("Authorization")) Give("Authorization", own);
        if (ask.Headers.Referer is [{ } from] && !request.Remove.Contains("Referer")) Give("Referer", from);
        if (request.CookieOf(ask.Headers) is { Length: > 0 } cookie) Give("Cookie", cookie);
        foreach (var line in request.Added) Give(line.Name, line.Value);
        Give("Gatehouse-Target", request.Target);
        if (pass.Observed is { Under.Tell: true } observed) response.Headers[Gate.ObservedHeader] = observed.Reason.Code;

        var clear = request.Remove.Names.Where(name => !Proxys.Contains(name) && !sent.Contains(name)).Order(StringComparer.OrdinalIgnoreCase).ToList();
        if (!sent.Contains("Cookie")) clear.Add("Cookie");
        // Spellings that CGI-like upstreams read as one of these.
        clear.AddRange(ask.Headers.Keys.Where(name => !Proxys.Contains(name) && !sent.Contains(name) && !clear.Contains(name, StringComparer.OrdinalIgnoreCase) && request.Remove.Contains(name)));
        var names = string.Join(", ", clear);
        response.Headers["Gatehouse-Clear"] = names;
        brand.Clear(response, names);
        response.Headers.CacheControl = "no-store";
        response.StatusCode = 200;
        response.ContentLength = 0;

        void Give(string name, string value)
        {
            // A client's header may hold bytes that an answer's cannot: then it is cleared.
            if (value.AsSpan().IndexOfAnyExceptInRange(' ', '~') >= 0) return;
            response.Headers[name] = value;
            sent.Add(name);
        }
    }
}
