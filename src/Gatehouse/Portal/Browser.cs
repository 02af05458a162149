using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Gatehouse.Keys;
using Gatehouse.SignIn;
using Gatehouse.Tokens;

namespace Gatehouse.Portal;

/// <summary>What is known of the browser in front of a page: its form nonce (against forged posts) and whether a user signed in from it before (against lock-out by strangers).</summary>
public sealed class Browser(Sealer sealer, Issuers issuers)
{
    private const string NonceName = "gh.form";
    private const string DeviceName = "gh.device.";
    private static readonly TimeSpan DeviceLife = TimeSpan.FromDays(400);

    /// <summary>The browser's nonce; a new one is set when it has none.</summary>
    public string Nonce(HttpContext context)
    {
        if (context.Request.Cookies[NonceName] is { Length: >= 20 and <= 64 } known) return known;
        var made = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(18));
        context.Response.Cookies.Append(NonceName, made, Options(null));
        return made;
    }

    /// <summary>Whether the browser kept the nonce.</summary>
    public static bool HasNonce(HttpContext context) => context.Request.Cookies[NonceName] is { Length: >= 20 and <= 64 };

    /// <summary>A form's mark: bound to the interaction, the named step and this browser.</summary>
    public string Mark(string interaction, string step, string nonce) => Base64Url.EncodeToString(sealer.Hash("form mark", Encoding.UTF8.GetBytes($"{step}\n{interaction}\n{nonce}")));

    /// <summary>Whether a post is this page's own: same origin by the browser's own word, and the form's mark.</summary>
    public bool IsOwnPost(HttpContext context, string interaction, string step, string mark)
    {
        var headers = context.Request.Headers;
        var site = headers["Sec-Fetch-Site"].ToString();
        if (site.Length > 0 && site is not ("same-origin" or "none")) return false;
        // Where the browser says that the post is the page's own, its Origin adds nothing, and is "null" under some policies (Fetch, 3.2).
        var origin = headers.Origin.ToString();
        if (site.Length == 0 && origin.Length > 0 && origin != issuers.PublicUrl && origin != $"{context.Request.Scheme}://{context.Request.Host}") return false;
        return HasNonce(context) && CryptographicOperations.FixedTimeEquals(Encoding.ASCII.GetBytes(Mark(interaction, step, Nonce(context))), Encoding.UTF8.GetBytes(mark));
    }

    /// <summary>Where the request came from; the device counts as known only for the user who signed in from it.</summary>
    public Origin OriginOf(HttpContext context, string realm, string username)
    {
        var device = context.Request.Cookies[DeviceName + realm];
        var known = device?.Split('.') is [var id, var mac] && id.Length == 24 && CryptographicOperations.FixedTimeEquals(Encoding.ASCII.GetBytes(DeviceMac(realm, username, id)), Encoding.UTF8.GetBytes(mac)) ? id : null;
        return new Origin(context.Connection.RemoteIpAddress?.ToString(), Guard.NetworkOf(context.Connection.RemoteIpAddress), known, context.Request.Headers.UserAgent.ToString());
    }

    /// <summary>Remembers that this user signed in from this browser.</summary>
    public void Remember(HttpContext context, string realm, string username)
    {
        var id = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(18));
        context.Response.Cookies.Append(DeviceName + realm, $"{id}.{DeviceMac(realm, username, id)}", Options(DeviceLife));
    }

    private string DeviceMac(string realm, string username, string id) => Base64Url.EncodeToString(sealer.Hash("device", Encoding.UTF8.GetBytes($"{realm}\n{username}\n{id}")));

    private CookieOptions Options(TimeSpan? life) => new() { HttpOnly = true, Secure = issuers.IsTls, SameSite = SameSiteMode.Lax, Path = "/realms/", MaxAge = life, IsEssential = true };
}
