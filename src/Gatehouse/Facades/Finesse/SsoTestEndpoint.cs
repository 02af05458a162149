using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Gatehouse.People;
using Gatehouse.SignIn;
using Gatehouse.Tokens;

namespace Gatehouse.Facades.Finesse;

/// <summary><c>GET /desktop/sso/test</c>: would SSO work for this browser? A page tells the window that opened it, and the one around it; always by the name of an origin, never to whoever happens to be there.</summary>
internal sealed class SsoTestEndpoint(Site site, Modes modes, UserCache users, Entrance entrance, Issuers issuers)
{
    public async Task AskAsync(HttpContext context)
    {
        var (status, error) = await JudgeAsync(context);
        var good = error.Length == 0;
        context.Response.Cookies.Append(Vendor.TestCookie, good ? "true" : "false", new CookieOptions { Path = "/desktop", SameSite = SameSiteMode.Lax, Secure = issuers.IsTls });

        // A browser drops what is for another origin than the window's: each is named in its turn.
        var message = JsonSerializer.Serialize(new { status = good ? "true" : "false", errorMessage = error });
        var origins = JsonSerializer.Serialize(site.Settings.Origins.Prepend(site.Origin));
        var script = $"for (const at of {origins}) for (const to of [window.opener, window.parent]) if (to && to !== window) to.postMessage({message}, at);";
        var hash = Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(script)));
        context.Response.Headers.ContentSecurityPolicy = $"default-src 'none'; script-src 'sha256-{hash}'; base-uri 'none'; frame-ancestors {site.Origin}{string.Concat(site.Settings.Origins.Select(one => " " + one))}";
        context.Response.Headers["Referrer-Policy"] = "no-referrer";
        var words = good ? "SSO works for this browser." : error == Vendor.NoToken ? "Nobody is signed in." : "SSO does not work for this person.";
        await Reply.SendAsync(context, status, "text/html; charset=utf-8", Encoding.UTF8.GetBytes($"<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>SSO test</title><p>{words}</p><script>{script}</script></html>"));
    }

    private async Task<(int Status, string Error)> JudgeAsync(HttpContext context)
    {
        if (!modes.OffersSso) return (400, Vendor.AuthError);
        if ((await site.OpenAsync(context.RequestAborted)) is not { Missing: null, Realm: { } realm }) return (500, Vendor.AuthError);
        if (await entrance.SessionAsync(context, realm) is not { } session || await users.FindAsync(realm.Name, session.User, context.RequestAborted) is not { } user) return (401, Vendor.NoToken);
        return await modes.OfAsync(user, context.RequestAborted) == Modes.Sso ? (200, "") : (401, Vendor.AuthError);
    }
}
