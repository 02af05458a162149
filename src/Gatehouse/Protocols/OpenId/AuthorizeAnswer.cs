using Gatehouse.SignIn;

namespace Gatehouse.Protocols.OpenId;

/// <summary>Sends an authorization answer to the client's checked redirect address, with <c>iss</c> (RFC 9207) and the client's state.</summary>
internal static class AuthorizeAnswer
{
    /// <summary>Answers by the request's response mode.</summary>
    public static Task SendAsync(HttpContext context, AuthorizeRequest r, string issuer, IReadOnlyList<(string Name, string Value)> members)
    {
        var all = new List<(string Name, string Value)>();
        if (r.State is not null) all.Add(("state", r.State));
        all.AddRange(members);
        all.Add(("iss", issuer));
        Exchange.NoStore(context.Response);
        context.Response.Headers["Referrer-Policy"] = "no-referrer";
        if (r.ResponseMode == "form_post") return OnwardForm.SendAsync(context, r.RedirectUri!, all);
        var query = string.Join('&', all.Select(one => $"{one.Name}={Uri.EscapeDataString(one.Value)}"));
        var mark = r.ResponseMode == "fragment" ? '#' : r.RedirectUri!.Contains('?', StringComparison.Ordinal) ? '&' : '?';
        // 303: whatever the method was, the client is asked with GET, and a password never travels on (RFC 9700, 4.12).
        context.Response.StatusCode = 303;
        context.Response.Headers.Location = r.RedirectUri + mark + query;
        return Task.CompletedTask;
    }
}
