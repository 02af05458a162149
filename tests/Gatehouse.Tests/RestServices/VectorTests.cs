extern alias package;
using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Gatehouse.Tests.Kits;
using Xunit;
using package::Gatehouse.ResourceServer;

namespace Gatehouse.Tests.RestServices;

/// <summary>The .NET package held to tests/vectors/resource-server.json, which the kit for Node is held to as well.</summary>
public sealed class VectorTests
{
    private static readonly JsonElement All = Read();

    public static TheoryData<string> Tokens => Names("tokens");

    public static TheoryData<string> Headers => Names("headers");

    public static TheoryData<string> Answers => Names("answers");

    [Theory, MemberData(nameof(Tokens))]
    public async Task Tokens_are_judged_as_the_vectors_say(string name)
    {
        var vector = One("tokens", name);
        using var issuer = new Issuer(All.GetProperty("keys").GetRawText());
        using var trust = new TokenTrust(Rules(vector), new Clock(), issuer);
        Meets(vector, await trust.JudgeAsync(vector.GetProperty("token").GetString()!, TestContext.Current.CancellationToken));
    }

    [Theory, MemberData(nameof(Headers))]
    public void Headers_are_read_as_the_vectors_say(string name)
    {
        var vector = One("headers", name);
        var (token, fault) = TokenTrust.Find([.. vector.GetProperty("authorization").EnumerateArray().Select(one => one.GetString())]);
        Assert.Equal((Text(vector, "token"), Text(vector, "fault")), (token, fault?.Code));
    }

    [Theory, MemberData(nameof(Answers))]
    public void Answers_of_introspection_are_read_as_the_vectors_say(string name)
    {
        var vector = One("answers", name);
        Meets(vector, Introspector.Read(Encoding.UTF8.GetBytes(Text(vector, "text") ?? vector.GetProperty("body").GetRawText()), Rules(vector), new Clock().GetUtcNow()));
    }

    [Fact]
    public void Rules_that_cannot_be_keep_the_program_from_starting_and_tell_no_secret()
    {
        var good = new TrustRules { Issuer = "https://sso.example/realms/r", Audiences = ["crm"] };
        TrustRules[] wrong =
        [
            good with { Issuer = "" }, good with { Audiences = [] }, good with { Issuer = "http://sso.example/realms/r" }, good with { Issuer = "sso" }, good with { Keys = new Uri("http://sso.example/jwks") }, good with { Algorithms = ["HS256"] }, good with { Algorithms = ["none"] },
            good with { Skew = TimeSpan.FromHours(1) }, good with { Introspection = new IntrospectionRules(new Uri("http://sso.example/introspect"), "crm", "top-secret") }, good with { Introspection = new IntrospectionRules(new Uri("https://sso.example/introspect"), "crm", "") },
            good with { Introspection = new IntrospectionRules(new Uri("https://sso.example/introspect"), "crm", "top-secret") { Cache = TimeSpan.FromHours(1) } }, good with { Issuer = "https://user:pass@sso.example/" },
        ];
        foreach (var rules in wrong) Assert.DoesNotContain("top-secret", Assert.Throws<ArgumentException>(() => new TokenTrust(rules).Dispose()).Message, StringComparison.Ordinal);
        foreach (var rules in (TrustRules[])[good, good with { Audiences = [], AnyAudience = true }, good with { Issuer = "http://127.0.0.1:8080/realms/r" }, good with { Issuer = "http://sso.example", PlainHttp = true }, good with { Issuer = "sso", Keys = new Uri("https://sso.example/jwks") }]) new TokenTrust(rules).Dispose();
        Assert.DoesNotContain("top-secret", wrong[^2].ToString(), StringComparison.Ordinal);
    }

    private static void Meets(JsonElement vector, Judgement judgement)
    {
        Assert.Equal(Text(vector, "fault"), judgement.Fault?.Code);
        if (judgement.Holder is not { } holder) return;
        var shape = new JsonObject { ["subject"] = holder.Subject };
        foreach (var (member, value) in (ReadOnlySpan<(string, string?)>)[("name", holder.Name), ("client", holder.Client), ("gadget", holder.Gadget), ("extension", holder.Extension)])
            if (value is not null) shape[member] = value;
        foreach (var (member, values) in (ReadOnlySpan<(string, IEnumerable<string>)>)[("roles", holder.Roles), ("groups", holder.Groups), ("scopes", holder.Scopes)]) shape[member] = new JsonArray([.. values.Select(value => JsonValue.Create(value))]);
        if (holder.ExpiresAt is { } ends) shape["expiresAt"] = ends.ToUnixTimeSeconds();
        var expected = JsonNode.Parse(vector.GetProperty("holder").GetRawText());
        Assert.True(JsonNode.DeepEquals(expected, shape), $"{shape}\n{expected}");
        var principal = holder.ToPrincipal("test");
        Assert.All(holder.Roles, role => Assert.True(principal.IsInRole(role)));
        Assert.Equal(holder.Name, principal.Identity!.Name);
        Assert.Equal(holder.Gadget, principal.FindFirst("gadget")?.Value);
        Assert.Equal(holder.Subject, Assert.Single(principal.FindAll("sub")).Value);
    }

    private static TrustRules Rules(JsonElement vector)
    {
        var rules = new TrustRules { Issuer = All.GetProperty("rules").GetProperty("issuer").GetString()!, Audiences = ["crm"] };
        if (!vector.TryGetProperty("rules", out var more)) return rules;
        foreach (var member in more.EnumerateObject())
            rules = member.Name switch
            {
                "anyAudience" => rules with { AnyAudience = member.Value.GetBoolean() },
                "types" => rules with { Types = [.. member.Value.EnumerateArray().Select(one => one.GetString()!)] },
                "algorithms" => rules with { Algorithms = [.. member.Value.EnumerateArray().Select(one => one.GetString()!)] },
                var other => throw new InvalidOperationException(other),
            };
        return rules;
    }

    private static TheoryData<string> Names(string list) => [.. All.GetProperty(list).EnumerateArray().Select(one => one.GetProperty("name").GetString()!)];

    private static JsonElement One(string list, string name) => All.GetProperty(list).EnumerateArray().Single(one => one.GetProperty("name").GetString() == name);

    private static string? Text(JsonElement json, string name) => json.TryGetProperty(name, out var value) ? value.GetString() : null;

    private static JsonElement Read()
    {
        using var stream = typeof(VectorTests).Assembly.GetManifestResourceStream("resource-server.json")!;
        using var document = JsonDocument.Parse(stream);
        return document.RootElement.Clone();
    }

    private sealed class Clock : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => DateTimeOffset.FromUnixTimeSeconds(All.GetProperty("now").GetInt64());
    }

    private sealed class Issuer(string keys) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) => Task.FromResult(new HttpResponseMessage(HttpStatusCode.OK)
        {
            Content = new StringContent(request.RequestUri!.AbsolutePath == "/jwks" ? keys : """{"issuer":"https://sso.example/realms/contact-centre","jwks_uri":"https://sso.example/jwks"}"""),
        });
    }
}
