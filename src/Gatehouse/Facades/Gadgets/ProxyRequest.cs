using System.Collections.Frozen;
using System.Text;
using Gatehouse.Terms;
using Gatehouse.Tokens;
using Gatehouse.Wire.OAuth;

namespace Gatehouse.Facades.Gadgets;

/// <summary>What a gadget wants to be sent, after every check that needs no network.</summary>
internal sealed record ProxyRequest(Uri Url, HttpMethod Method, IReadOnlyList<KeyValuePair<string, string>> Headers, string? Body)
{
    private const int MostHeaders = 40;
    private const int LongestHeader = 8 * 1024;

    private static readonly FrozenSet<string> Methods = FrozenSet.Create(StringComparer.Ordinal, "GET", "POST", "PUT", "DELETE", "HEAD", "PATCH");

    // Of the connection, of browsers, and those in which proxies say who somebody is.
    private static readonly FrozenSet<string> Forbidden = FrozenSet.Create(
        StringComparer.OrdinalIgnoreCase, "Host", "Cookie", "Cookie2", "Set-Cookie", "Connection", "Keep-Alive", "TE", "Trailer", "Transfer-Encoding", "Upgrade", "Content-Length", "Content-Encoding", "Expect", "Via", "Forwarded", "Date", "Origin", "Referer", "Accept-Encoding", "X-Real-IP",
        "X-Userinfo", "X-Access-Token", "X-ID-Token", "X-Refresh-Token", "X-Raw-ID-Token", "X-Consumer-Username", "X-Credential-Identifier", "X-Client-Cert", "Client-Cert", "Client-Cert-Chain", "X-Rewrite-URL", "True-Client-IP", "X-Client-IP", "X-Cluster-Client-IP", "CF-Connecting-IP", "Fastly-Client-IP", "X-Originating-IP", "Alt-Used");

    private static readonly string[] ForbiddenStarts = ["Proxy-", "Sec-", "X-Forwarded", "X-Original", "X-Remote", "Remote-", "X-Auth-Request", "X-SSL-", "X-Gatehouse", "Access-Control-", "X-HTTP-Method"];

    /// <summary>Checks what was posted. The reason, and in words which part of it.</summary>
    public static (ProxyRequest? Request, Reason? Refused, string? Detail) Read(Parameters fields, SecurityToken st, GadgetEntry gadget, IReadOnlyCollection<GadgetTarget> targets, Verify verify)
    {
        if (!GadgetTarget.TryUrl(fields["url"] ?? "", out var url, out var fault)) return (null, Reasons.GadgetTarget, $"The address {fault}.");
        if (url.Fragment.Length > 0) url = new Uri(url.GetLeftPart(UriPartial.Query));
        if (!targets.Any(target => target.Covers(url))) return (null, Reasons.GadgetTarget, null);
        var method = fields["httpMethod"] ?? "GET";
        if (!Methods.Contains(method)) return (null, Reasons.RequestInvalid, "The method is none of GET, POST, PUT, DELETE, HEAD, PATCH.");
        if (fields["authz"] is not (null or "none" or "NONE")) return (null, Reasons.RequestUnsupported, "Signed requests and OAuth are not offered: authz is none.");
        if (!Parameters.TryParse(fields["headers"] ?? "", out var sent, out var error)) return (null, Reasons.GadgetHeader, error.Description);
        if (sent.All.Count > MostHeaders || sent.All.Keys.Distinct(StringComparer.OrdinalIgnoreCase).Count() != sent.All.Count) return (null, Reasons.GadgetHeader, "There are too many, or one stands twice.");
        foreach (var (name, value) in sent.All)
        {
            if (name.Length is 0 or > 128 || !name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_')) return (null, Reasons.GadgetHeader, "A name is not made of letters, digits, hyphens and underscores.");
            var folded = name.Replace('_', '-');
            if (Forbidden.Contains(folded) || ForbiddenStarts.Any(start => folded.StartsWith(start, StringComparison.OrdinalIgnoreCase))) return (null, Reasons.GadgetHeader, name);
            if (value.Length > LongestHeader || value.Any(c => c is < ' ' or >= '\x7f')) return (null, Reasons.GadgetHeader, $"The value of {name} is too long, or has characters that a header cannot have.");
            if (!MaySend(value, st, gadget, verify)) return (null, Reasons.GadgetCredential, name);
        }

        var body = method is "GET" or "HEAD" ? null : fields["postData"];
        // In an address a token ends up in logs; in a body nobody expects it.
        if (Holds(url.PathAndQuery, verify) || (body is not null && Holds(body, verify))) return (null, Reasons.GadgetCredential, "A token of ours stands in the address or in the body.");
        return (new ProxyRequest(url, new HttpMethod(method), [.. sent.All], body), null, null);
    }

    /// <summary>The request as it goes out.</summary>
    public HttpRequestMessage ToMessage()
    {
        var message = new HttpRequestMessage(Method, Url);
        if (Body is not null || Method.Method is "POST" or "PUT" or "PATCH") message.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(Body ?? ""));
        foreach (var (name, value) in Headers)
        {
            if (!name.StartsWith("Content-", StringComparison.OrdinalIgnoreCase)) message.Headers.TryAddWithoutValidation(name, value);
            else message.Content?.Headers.TryAddWithoutValidation(name, value);
        }

        if (message.Content is { Headers.ContentType: null }) message.Content.Headers.TryAddWithoutValidation("Content-Type", "application/x-www-form-urlencoded");
        return message;
    }

    // The gadget's own token, or nothing of ours: the agent's leaves only by a gadget that holds it anyway.
    private static bool MaySend(string value, SecurityToken st, GadgetEntry gadget, Verify verify)
    {
        foreach (var part in value.Split([' ', ',', ';', '"', '='], StringSplitOptions.RemoveEmptyEntries))
        {
            if (!verify.IsOurs(part)) continue;
            if (verify.Check(part, null, out var principal) is not null || principal!.Realm != st.Realm || principal.Session != st.Session) return false;
            if (principal.Gadget != gadget.Id && !(gadget.IsFull && principal.Gadget is null)) return false;
        }

        return true;
    }

    private static bool Holds(string body, Verify verify)
    {
        foreach (var part in body.Split([' ', ',', ';', '"', '\'', '=', '&', '<', '>', ':', '/', '?', '\n', '\r', '\t'], StringSplitOptions.RemoveEmptyEntries))
            if (part.Length > 20 && verify.IsOurs(part)) return true;
        return false;
    }
}
