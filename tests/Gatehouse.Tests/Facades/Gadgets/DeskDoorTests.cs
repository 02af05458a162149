using System.Net;
using System.Text;
using System.Text.Json;
using Gatehouse.People;
using Gatehouse.Storage;
using Gatehouse.Tests.Kits;
using Xunit;

namespace Gatehouse.Tests.Facades.Gadgets;

/// <summary>The desktop's page, and its way to a token without single sign-on.</summary>
public sealed class DeskDoorTests : IAsyncLifetime
{
    // One for each test: wrong passwords of one must not throttle another.
    private Desk Desk { get; set; } = null!;

    public async ValueTask InitializeAsync() => Desk = await Desk.OpenAsync();

    public ValueTask DisposeAsync() => Desk.DisposeAsync();

    [Fact]
    public async Task The_page_holds_no_script_of_its_own_and_speaks_three_languages()
    {
        foreach (var (accepted, language, word) in ((string, string, string)[])[("de-AT,en;q=0.5", "de", "Agentenarbeitsplatz"), ("fr", "fr", "Bureau de l"), ("xx", "en", "Agent desktop"), ("", "en", "Agent desktop")])
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/desk");
            request.Headers.TryAddWithoutValidation("Accept-Language", accepted);
            using var answer = await Desk.Http.SendAsync(request);
            var html = await answer.Content.ReadAsStringAsync();
            Assert.Contains($"<html lang=\"{language}\"", html, StringComparison.Ordinal);
            Assert.Contains(word, html, StringComparison.Ordinal);
            var policy = answer.Headers.GetValues("Content-Security-Policy").Single();
            Assert.DoesNotContain("unsafe", policy, StringComparison.Ordinal);
            Assert.Contains("frame-ancestors 'none'", policy, StringComparison.Ordinal);
            Assert.Matches("^<!doctype html>((?!<script|<style| on[a-z]+=| style=).|<script type=\"application/json\"|<script type=\"module\" src=\"/gadgets/js/)*$", html.Replace('\n', ' '));
        }
    }

    [Fact]
    public void All_languages_have_the_same_words()
    {
        string[] Keys(string language)
        {
            using var stream = typeof(Gatehouse.Facades.IFacade).Assembly.GetManifestResourceStream($"gadgets/words-{language}.json")!;
            return [.. JsonSerializer.Deserialize<Dictionary<string, string>>(stream)!.Keys];
        }

        Assert.Equal(Keys("en"), Keys("de"));
        Assert.Equal(Keys("en"), Keys("fr"));
    }

    [Fact]
    public async Task Name_and_password_become_a_token_of_which_gadgets_get_theirs()
    {
        var (status, body) = await AskAsync("POST", Basic("alice", Desk.Password));
        Assert.True(status == 200, body.ToString());
        Assert.Equal((200, "alice", 3600), (status, body.GetProperty("user_id").GetString(), body.GetProperty("expires_in").GetInt32()));
        var token = body.GetProperty("token").GetString()!;
        using (var request = new HttpRequestMessage(HttpMethod.Post, "/gadgets/tokens"))
        {
            request.Headers.TryAddWithoutValidation("Authorization", "Bearer " + token);
            using var answer = await Desk.Http.SendAsync(request);
            Assert.Equal(["customers", "queues"], JsonDocument.Parse(await answer.Content.ReadAsStringAsync()).RootElement.GetProperty("gadgets").EnumerateArray().Select(one => one.GetProperty("id").GetString()!));
        }

        // Renewed by the token, of the same session; signed out, both are worth nothing.
        (status, body) = await AskAsync("POST", "Bearer " + token);
        Assert.True(status == 200, body.ToString());
        var next = body.GetProperty("token").GetString()!;
        Assert.Equal(Agents.Claims(token).GetProperty("sid").GetString(), Agents.Claims(next).GetProperty("sid").GetString());
        Assert.Equal(204, (await AskAsync("DELETE", "Bearer " + next)).Status);
        Assert.Equal(401, (await AskAsync("POST", "Bearer " + next)).Status);
        Assert.Equal(401, (await AskAsync("POST", "Bearer " + token)).Status);
        Assert.Equal(401, (await AskAsync("DELETE", "Bearer " + token)).Status);
    }

    [Fact]
    public async Task Strangers_gadgets_and_those_who_have_single_sign_on_do_not_come_in_here()
    {
        foreach (var wrong in (string[])[Basic("alice", "not-it"), Basic("nobody", Desk.Password), Basic("sam", Desk.Password), "Basic e30", "Bearer x", "Bearer " + await Desk.ServiceTokenAsync()])
            Assert.Equal(401, (await AskAsync("POST", wrong)).Status is var status && status == 400 ? 401 : status);
        var (_, body) = await AskAsync("POST", Basic("sam", Desk.Password));
        Assert.Equal("credential.kind", body.GetProperty("code").GetString());
        Assert.Equal("credential.password", (await AskAsync("POST", Basic("alice", "not-it"))).Body.GetProperty("code").GetString());
        Assert.Equal(401, (await AskAsync("POST", null)).Status);

        // Only from the desktop's own page.
        foreach (var site in (string[])["cross-site", "same-site", "none"]) Assert.Equal((403, "credential.cross-site"), (await AskAsync("POST", Basic("alice", Desk.Password), site)) is var (code, refused) ? (code, refused.GetProperty("code").GetString()) : default);

        // A gadget's token neither renews nor signs out.
        var full = (await AskAsync("POST", Basic("ada", Desk.Password))).Body.GetProperty("token").GetString()!;
        using var request = new HttpRequestMessage(HttpMethod.Post, "/gadgets/tokens");
        request.Headers.TryAddWithoutValidation("Authorization", "Bearer " + full);
        using var answer = await Desk.Http.SendAsync(request);
        var narrow = JsonDocument.Parse(await answer.Content.ReadAsStringAsync()).RootElement.GetProperty("gadgets")[0].GetProperty("token").GetString()!;
        Assert.Equal(401, (await AskAsync("POST", "Bearer " + narrow)).Status);
        Assert.Equal(401, (await AskAsync("DELETE", "Bearer " + narrow)).Status);
        Assert.Equal(200, (await AskAsync("POST", "Bearer " + full)).Status);
    }

    private static string Basic(string name, string password) => "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes($"{name}:{password}"));

    private async Task<(int Status, JsonElement Body)> AskAsync(string method, string? authorization, string site = "same-origin")
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), "/gadgets/session");
        if (authorization is not null) request.Headers.TryAddWithoutValidation("Authorization", authorization);
        request.Headers.TryAddWithoutValidation("Sec-Fetch-Site", site);
        using var answer = await Desk.Http.SendAsync(request);
        var text = await answer.Content.ReadAsStringAsync();
        return ((int)answer.StatusCode, text.Length == 0 ? default : JsonDocument.Parse(text).RootElement.Clone());
    }
}
