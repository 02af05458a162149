using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using AngleSharp.Html.Parser;

namespace Gatehouse.Tests.Kits;

/// <summary>A browser in miniature over a <see cref="Desk"/>: cookies, forms as a person sees them, redirects followed one by one, PKCE.</summary>
public sealed class Browser : IDisposable
{
    public const string Redirect = "http://127.0.0.1:53682/callback";

    private readonly Desk desk;
    private readonly HttpClient http;

    public Browser(Desk desk)
    {
        this.desk = desk;
        Cookies = new CookieContainer();
        http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, CookieContainer = Cookies }) { BaseAddress = desk.Url };
    }

    public CookieContainer Cookies { get; }

    public string Verifier { get; } = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32));

    public string Challenge => System.Buffers.Text.Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(Verifier)));

    public string SessionCookie => Cookies.GetCookies(desk.Url)[$"gh.{Desk.Realm}"]?.Value ?? "";

    public void Dispose() => http.Dispose();

    public Task<HttpResponseMessage> GetAsync(string path) => http.GetAsync(path);

    /// <summary>Posts a form.</summary>
    public async Task<HttpResponseMessage> PostAsync(string path, IEnumerable<KeyValuePair<string, string>> form)
    {
        using var content = new FormUrlEncodedContent(form);
        return await http.PostAsync(path, content);
    }

    /// <summary>Authorization request; overrides replace members, null removes one.</summary>
    public string Authorize(params (string Name, string? Value)[] overrides)
    {
        var query = new Dictionary<string, string?>
        {
            ["client_id"] = "agent-desk", ["redirect_uri"] = Redirect, ["response_type"] = "code", ["scope"] = "openid", ["state"] = "st&te/1", ["nonce"] = "n-1", ["code_challenge"] = Challenge, ["code_challenge_method"] = "S256",
        };
        foreach (var (name, value) in overrides) query[name] = value;
        return $"/realms/{Desk.Realm}/protocol/openid-connect/auth?" + string.Join('&', query.Where(one => one.Value is not null).Select(one => $"{one.Key}={Uri.EscapeDataString(one.Value!)}"));
    }

    /// <summary>Follows redirects until a page, or an address outside the desk.</summary>
    public async Task<(HttpResponseMessage Answer, Uri At)> FollowAsync(string path)
    {
        var at = new Uri(desk.Url, path);
        for (var hop = 0; hop < 12; hop++)
        {
            if (at.Authority != desk.Url.Authority) return (new HttpResponseMessage(HttpStatusCode.OK), at);
            var answer = await http.GetAsync(at);
            if ((int)answer.StatusCode is < 300 or >= 400) return (answer, at);
            at = new Uri(at, answer.Headers.Location!);
        }

        throw new InvalidOperationException("too many redirects");
    }

    /// <summary>The first link of a page whose text is this.</summary>
    public static async Task<string> LinkAsync(HttpResponseMessage page, string text)
        => (await new HtmlParser().ParseDocumentAsync(await page.Content.ReadAsStringAsync())).QuerySelectorAll("a").First(link => link.TextContent == text).GetAttribute("href")!;

    /// <summary>Fills in the form of a page and sends it.</summary>
    public async Task<HttpResponseMessage> SubmitAsync(HttpResponseMessage page, Uri at, string username, string password, Action<HttpRequestMessage>? change = null, string? mark = null)
    {
        var document = await new HtmlParser().ParseDocumentAsync(await page.Content.ReadAsStringAsync());
        var form = document.QuerySelector("form")!;
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(at, form.GetAttribute("action")!))
        {
            Content = new FormUrlEncodedContent([new("mark", mark ?? document.QuerySelector("[name=mark]")!.GetAttribute("value")!), new("username", username), new("password", password)]),
        };
        change?.Invoke(request);
        return await http.SendAsync(request);
    }

    /// <summary>Signs in through the page of an authorization request and returns the address at the client.</summary>
    public async Task<Uri> SignInAsync(string? authorize = null, string username = "alice", string password = Desk.Password)
    {
        var (page, at) = await FollowAsync(authorize ?? Authorize());
        using var answer = await SubmitAsync(page, at, username, password);
        if (answer.StatusCode != HttpStatusCode.SeeOther) throw new InvalidOperationException($"{answer.StatusCode}: {await answer.Content.ReadAsStringAsync()}");
        return (await FollowAsync(answer.Headers.Location!.ToString())).At;
    }

    public async Task<(HttpStatusCode Status, JsonElement Body)> TokenAsync(params (string Name, string Value)[] form)
    {
        using var content = new FormUrlEncodedContent(form.Select(one => new KeyValuePair<string, string>(one.Name, one.Value)));
        using var answer = await http.PostAsync($"/realms/{Desk.Realm}/protocol/openid-connect/token", content);
        return (answer.StatusCode, JsonDocument.Parse(await answer.Content.ReadAsStringAsync()).RootElement.Clone());
    }

    /// <summary>Signs in and redeems the code.</summary>
    public async Task<(string Access, string Id, string Refresh)> TokensAsync(string username)
    {
        var at = await SignInAsync(username: username);
        var (_, body) = await RedeemAsync(Query(at, "code"));
        return (body.GetProperty("access_token").GetString()!, body.GetProperty("id_token").GetString()!, body.GetProperty("refresh_token").GetString()!);
    }

    public Task<(HttpStatusCode Status, JsonElement Body)> RedeemAsync(string code, string? verifier = null, string redirect = Redirect, string client = "agent-desk")
        => TokenAsync(("grant_type", "authorization_code"), ("client_id", client), ("code", code), ("redirect_uri", redirect), ("code_verifier", verifier ?? Verifier));

    public Task<(HttpStatusCode Status, JsonElement Body)> RefreshAsync(string token, string client = "agent-desk") => TokenAsync(("grant_type", "refresh_token"), ("client_id", client), ("refresh_token", token));

    public static string Query(Uri uri, string name) => System.Web.HttpUtility.ParseQueryString(uri.Query)[name] ?? "";
}
