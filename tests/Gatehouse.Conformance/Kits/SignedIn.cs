using System.Net;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Gatehouse.Conformance.Kits;

/// <summary>A browser in miniature that signed in to a running program: cookies, the form, and codes for refresh tokens.</summary>
public sealed partial class SignedIn : IDisposable
{
    private const string Redirect = "http://127.0.0.1:53682/callback";
    private readonly HttpClient http;
    private readonly string issuer;

    private SignedIn(HttpClient http, string issuer) => (this.http, this.issuer) = (http, issuer);

    /// <summary>Signs alice in through the page.</summary>
    public static async Task<SignedIn> AliceAsync(RunningProgram program)
    {
        var http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, CookieContainer = new CookieContainer() });
        var page = await http.GetStringAsync($"{program.Issuer}/sign-in");
        var action = WebUtility.HtmlDecode(Action().Match(page).Groups[1].Value);
        using var form = new FormUrlEncodedContent([new("mark", WebUtility.HtmlDecode(Mark().Match(page).Groups[1].Value)), new("username", "alice"), new("password", RunningProgram.Password)]);
        using var answer = await http.PostAsync(new Uri(program.Url, action), form);
        if (answer.StatusCode != HttpStatusCode.SeeOther) throw new InvalidOperationException($"{answer.StatusCode}: {await answer.Content.ReadAsStringAsync()}");
        return new SignedIn(http, program.Issuer);
    }

    /// <summary>Tokens by code with PKCE, without asking again.</summary>
    public async Task<JsonElement> TokensAsync()
    {
        var verifier = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32));
        var challenge = System.Buffers.Text.Base64Url.EncodeToString(SHA256.HashData(System.Text.Encoding.ASCII.GetBytes(verifier)));
        using var answer = await http.GetAsync($"{issuer}/protocol/openid-connect/auth?client_id=agent-desk&redirect_uri={Uri.EscapeDataString(Redirect)}&response_type=code&scope=openid&code_challenge={challenge}&code_challenge_method=S256");
        var code = Code().Match(answer.Headers.Location!.Query).Groups[1].Value;
        var (status, body) = await PostAsync(new() { ["grant_type"] = "authorization_code", ["client_id"] = "agent-desk", ["redirect_uri"] = Redirect, ["code"] = code, ["code_verifier"] = verifier });
        return status == HttpStatusCode.OK ? body : throw new InvalidOperationException(body.ToString());
    }

    /// <summary>One refresh.</summary>
    public Task<(HttpStatusCode Status, JsonElement Body)> RefreshAsync(string token) => PostAsync(new() { ["grant_type"] = "refresh_token", ["client_id"] = "agent-desk", ["refresh_token"] = token });

    public void Dispose() => http.Dispose();

    private async Task<(HttpStatusCode, JsonElement)> PostAsync(Dictionary<string, string> form)
    {
        using var content = new FormUrlEncodedContent(form);
        using var answer = await http.PostAsync($"{issuer}/protocol/openid-connect/token", content);
        return (answer.StatusCode, JsonDocument.Parse(await answer.Content.ReadAsStringAsync()).RootElement.Clone());
    }

    [GeneratedRegex("<form method=\"post\" action=\"([^\"]+)\"")]
    private static partial Regex Action();

    [GeneratedRegex("name=\"mark\" value=\"([^\"]+)\"")]
    private static partial Regex Mark();

    [GeneratedRegex("[?&]code=([^&]+)")]
    private static partial Regex Code();
}
