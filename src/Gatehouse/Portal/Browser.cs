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
        if (context.Items.TryGetValue(NonceName, out var given)) return (string)given!;
        var made = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(18));
        context.Items[NonceName] = made;
        context.Response.Cookies.Append(NonceName, made, Options(null));
        return made;
    }

    /// <summary>Whether the browser kept the nonce.</summary>
    public static bool HasNonce(HttpContext context) => context.Request.Cookies[NonceName] is { Length: >= 20 and <= 64 };

    /// <summary>A form's mark: bound to the interaction, the named step and this browser's nonce, which stands in it.</summary>
    public string Mark(string interaction, string step, string nonce) => $"{nonce}.{MacOf(interaction, step, nonce)}";

    private string MacOf(string interaction, string step, string nonce) => Base64Url.EncodeToString(sealer.Hash("form mark", Encoding.UTF8.GetBytes($"{step}\n{interaction}\n{nonce}")));

    /// <summary>
    /// Whether a post is this page's own: the form's mark, and same origin by the browser's own word. Where a browser gives no such word, its nonce must be the mark's. It may be another tab's where it does:
    /// tabs that open at once in a fresh browser are each given one, and the last stays.
    /// </summary>
    public bool IsOwnPost(HttpContext context, string interaction, string step, string mark)
    {
        var headers = context.Request.Headers;
        var site = headers["Sec-Fetch-Site"].ToString();
        if (site.Length > 0 && site is not ("same-origin" or "none")) return false;
        // Where the browser says that the post is the page's own, its Origin adds nothing, and is "null" under some policies (Fetch, 3.2).
        var origin = headers.Origin.ToString();
        if (site.Length == 0 && origin.Length > 0 && origin != issuers.PublicUrl && origin != $"{context.Request.Scheme}://{context.Request.Host}") return false;
        if (!HasNonce(context) || mark.Split('.') is not [var nonce, var mac] || !CryptographicOperations.FixedTimeEquals(Encoding.ASCII.GetBytes(MacOf(interaction, step, nonce)), Encoding.UTF8.GetBytes(mac))) return false;
        return site == "same-origin" || CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(nonce), Encoding.UTF8.GetBytes(Nonce(context)));
    }

    /// <summary>Binds a way to an upstream to this browser, by a cookie of its own: ways of several tabs do not meet.</summary>
    public string BindWay(HttpContext context, string realm, string state)
    {
        var made = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(18));
        context.Response.Cookies.Append(WayName(state), made, WayOptions(realm));
        return made;
    }

    /// <summary>What <see cref="BindWay"/> left with this browser; null when nothing, or it was another.</summary>
    public string? WayOf(HttpContext context, string realm, string state)
    {
        var name = WayName(state);
        if (context.Request.Cookies[name] is not { Length: > 0 and <= 64 } kept) return null;
        context.Response.Cookies.Delete(name, WayOptions(realm));
        return kept;
    }

    /// <summary>Where the request came from; the device counts as known only for the user who signed in from it.</summary>
    public Origin OriginOf(HttpContext context, string realm, string username)
    {
        var device = context.Request.Cookies[DeviceName + realm];
        var known = device?.Split('.') is [var id, var mac] && id.Length == 24 && CryptographicOperations.FixedTimeEquals(Encoding.ASCII.GetBytes(DeviceMac(realm, username, id)), Encoding.UTF8.GetBytes(mac)) ? id : null;
        return Origin.Of(context) with { Device = known, Browser = Convert.ToHexStringLower(sealer.Hash("browser", Encoding.UTF8.GetBytes(Nonce(context)))) };
    }

    /// <summary>Remembers that this user signed in from this browser.</summary>
    public void Remember(HttpContext context, string realm, string username)
    {
        var id = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(18));
        context.Response.Cookies.Append(DeviceName + realm, $"{id}.{DeviceMac(realm, username, id)}", Options(DeviceLife));
    }

    private string DeviceMac(string realm, string username, string id) => Base64Url.EncodeToString(sealer.Hash("device", Encoding.UTF8.GetBytes($"{realm}\n{username}\n{id}")));

    /// <summary>Id under which the answer to a way is held: nobody guesses it, and each way has one.</summary>
    public string AnswerOf(string state) => Base64Url.EncodeToString(sealer.Hash("held answer", Encoding.UTF8.GetBytes(state)))[..32];

    private string WayName(string state) => "gh.way." + Convert.ToHexStringLower(sealer.Hash("way", Encoding.UTF8.GetBytes(state)))[..12];

    private CookieOptions WayOptions(string realm) => new() { HttpOnly = true, Secure = issuers.IsTls, SameSite = SameSiteMode.Lax, Path = $"/realms/{realm}/broker/", MaxAge = TimeSpan.FromMinutes(15), IsEssential = true };

    private CookieOptions Options(TimeSpan? life) => new() { HttpOnly = true, Secure = issuers.IsTls, SameSite = SameSiteMode.Lax, Path = "/realms/", MaxAge = life, IsEssential = true };
}
