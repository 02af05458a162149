extern alias package;
using System.Collections.Concurrent;
using System.Net;
using System.Text;
using Gatehouse.Tests.Kits;
using Xunit;
using package::Gatehouse.ResourceServer;

namespace Gatehouse.Tests.RestServices;

/// <summary>How often the issuer is asked, what is believed and for how long.</summary>
public sealed class IntrospectionTests : IDisposable
{
    private readonly SetClock clock = new();
    private readonly Issuer issuer = new();

    private TokenTrust Trust(TimeSpan? cache = null, bool inForm = false) => new(new TrustRules
    {
        Issuer = "https://sso.example/realms/r", Audiences = ["crm"], Introspection = new IntrospectionRules(new Uri("https://sso.example/introspect"), "a b", "s:ö") { Cache = cache ?? TimeSpan.FromSeconds(10), SecretInForm = inForm },
    }, clock, issuer);

    [Fact]
    public async Task One_question_serves_all_who_ask_at_once_and_the_next_ten_seconds()
    {
        using var trust = Trust();
        Assert.All(await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => trust.JudgeAsync("opaque").AsTask())), one => Assert.Equal("x", one.Holder?.Subject));
        Assert.Equal("a%20b:s%3A%C3%B6", Encoding.UTF8.GetString(Convert.FromBase64String(Assert.Single(issuer.Asked).Authorization!["Basic ".Length..])));
        issuer.Answer = """{"active":false}""";
        clock.Advance(TimeSpan.FromSeconds(9.9));
        Assert.Null((await trust.JudgeAsync("opaque")).Fault);
        clock.Advance(TimeSpan.FromSeconds(0.1));
        Assert.Same(TokenFault.Revoked, (await trust.JudgeAsync("opaque")).Fault);
        Assert.Same(TokenFault.Revoked, (await trust.JudgeAsync("opaque")).Fault);
        Assert.Equal(2, issuer.Asked.Count);
    }

    [Fact]
    public async Task Another_issuers_token_and_a_huge_one_are_shown_to_nobody()
    {
        using var trust = Trust();
        static string Part(string json) => System.Buffers.Text.Base64Url.EncodeToString(Encoding.UTF8.GetBytes(json));
        Assert.Same(TokenFault.Issuer, (await trust.JudgeAsync($"{Part("""{"alg":"ES256"}""")}.{Part("""{"iss":"https://elsewhere.example"}""")}.AAAA")).Fault);
        Assert.Same(TokenFault.Malformed, (await trust.JudgeAsync(new string('x', 20_000))).Fault);
        Assert.Empty(issuer.Asked);
    }

    [Fact]
    public async Task No_answer_is_no_refusal_and_is_not_remembered()
    {
        using var trust = Trust(inForm: true);
        issuer.Status = HttpStatusCode.Found;
        Assert.Same(TokenFault.Unavailable, (await trust.JudgeAsync("opaque")).Fault);
        issuer.Status = HttpStatusCode.OK;
        Assert.Equal("x", (await trust.JudgeAsync("opaque")).Holder?.Subject);
        Assert.Null(issuer.Asked.Last().Authorization);
        Assert.EndsWith("&client_id=a+b&client_secret=s%3A%C3%B6", issuer.Asked.Last().Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_answer_is_not_believed_past_the_tokens_end_and_guesses_push_no_good_one_out()
    {
        using var trust = Trust(TimeSpan.FromMinutes(5));
        issuer.Answer = $$"""{"active":true,"sub":"x","aud":"crm","exp":{{clock.GetUtcNow().ToUnixTimeSeconds() + 10}}}""";
        await trust.JudgeAsync("good");
        issuer.Answer = """{"active":false}""";
        for (var i = 0; i < 12_000; i++) await trust.JudgeAsync($"guess-{i}");
        Assert.NotNull((await trust.JudgeAsync("good")).Holder);
        clock.Advance(TimeSpan.FromSeconds(70));
        Assert.Same(TokenFault.Revoked, (await trust.JudgeAsync("good")).Fault);
    }

    public void Dispose() => issuer.Dispose();

    private sealed class Issuer : HttpMessageHandler
    {
        public ConcurrentQueue<(string? Authorization, string Body)> Asked { get; } = new();

        public string Answer { get; set; } = """{"active":true,"sub":"x","aud":"crm"}""";

        public HttpStatusCode Status { get; set; } = HttpStatusCode.OK;

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            Asked.Enqueue((request.Headers.Authorization?.ToString(), await request.Content!.ReadAsStringAsync(cancellationToken)));
            return new HttpResponseMessage(Status) { Content = new StringContent(Answer) };
        }
    }
}
