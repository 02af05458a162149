using System.Text.RegularExpressions;
using Gatehouse.Tests.Kits;
using Xunit;

namespace Gatehouse.Tests.Gateway;

/// <summary>The vendor's deployment over HTTP: eleven components refuse whoever has no token, in whatever spelling, and fifteen listed lines pass.</summary>
public sealed partial class ComponentsTests(ComponentsTests.Fixture fixture) : IClassFixture<ComponentsTests.Fixture>
{
    private static readonly string[] Components =
        ["agent-manager", "bot-framework", "ccm", "cim-customer", "conversation-manager", "conversation-monitor", "license-manager", "routing-engine", "team-announcement", "file-engine", "unified-admin"];

    public static TheoryData<string> All => [.. Components];

    [Theory, MemberData(nameof(All))]
    public async Task A_component_is_closed_without_a_token_in_every_spelling_and_for_every_method(string component)
    {
        var gate = fixture.Gate;
        var before = gate.Upstream.All.Count;
        foreach (var method in (string[])["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND"])
            Assert.Equal(401, await gate.RawAsync(method, $"/{component}/things/1"));
        Assert.Equal(401, await gate.RawAsync("GET", $"/{component}"));
        Assert.Equal(401, await gate.RawAsync("GET", $"/{component}/"));
        string[] spellings =
        [
            $"/ccm/agents/../../{component}/x", $"/{component}/../{component}/x", $"/{component}/%2e%2e/{component}/x", $"/{component}/.%2E/x", $"//{component}/x", $"/{component}//x", $"/{component}%2fx", $"/{component}%2Fx",
            $"/{component}/a%5cb", $"/{component}/a\\b", $"/{component}/x%00", $"/{component}/%c0%af", $"/{component}/%252e%252e/x", $"/{component}/x;y=1", $"/{component};v=1/x", $"/{component}./x", $"/{component}/..;/x",
            $"/{component.ToUpperInvariant()}/x", $"/{component}%20/x", $"/%{(int)component[0]:x2}{component[1..]}/x", $"http://elsewhere.example/{component}/x", $"/{component}/x?access_token=abc", $"/{component}/x#y",
        ];
        foreach (var spelling in spellings)
        {
            var status = await gate.RawAsync("GET", spelling);
            Assert.True(status is 400 or 401 or 404, $"{spelling}: {status}");
        }

        Assert.Equal(before, gate.Upstream.All.Count);
    }

    [Theory, MemberData(nameof(All))]
    public async Task A_component_opens_for_who_may_and_refuses_who_may_not(string component)
    {
        var allowed = component is "ccm" or "cim-customer" or "conversation-manager" or "file-engine";
        var (status, code) = await fixture.Gate.AskAsync("GET", $"/{component}/things/1", "Authorization: Bearer " + await fixture.Gate.Desk.ServiceTokenAsync());
        Assert.Equal(allowed ? (200, "pass") : (403, "rule.denied"), (status, code));
    }

    [Fact]
    public async Task The_fifteen_listed_lines_pass_without_a_token()
    {
        var lines = PublicLine().Matches(fixture.Text).Select(match => match.Value.Trim()).ToList();
        Assert.Equal(15, lines.Count);
        foreach (var line in lines)
        {
            var parts = line.Split(' ');
            var path = Hole().Replace(parts[1], "value");
            Assert.Equal((200, "pass"), await fixture.Gate.AskAsync(parts[0], path));
            Assert.Equal((parts[0], path), (fixture.Gate.Upstream.Last.Method, fixture.Gate.Upstream.Last.Target));
        }
    }

    [Theory]
    [InlineData("GET", "/agent-manager/agent/login")]
    [InlineData("POST", "/agent-manager/agent/login/more")]
    [InlineData("POST", "/agent-manager/agent/login/")]
    [InlineData("GET", "/ccm/agents/1/2")]
    [InlineData("GET", "/ccm/agents/")]
    [InlineData("GET", "/ccm/agents")]
    [InlineData("POST", "/agent-manager/agent/Login")]
    [InlineData("DELETE", "/unified-admin/forms/7")]
    public async Task What_only_looks_like_a_public_line_is_closed(string method, string path) => Assert.Equal(401, await fixture.Gate.RawAsync(method, path));

    [GeneratedRegex(@"^\s+(GET|POST) /.*$", RegexOptions.Multiline)]
    private static partial Regex PublicLine();

    [GeneratedRegex(@"\{\{[^}]*\}\}")]
    private static partial Regex Hole();

    /// <summary>One program for the class.</summary>
    public sealed partial class Fixture : IAsyncLifetime
    {
        public GateDesk Gate { get; private set; } = null!;

        public string Text { get; private set; } = "";

        public async ValueTask InitializeAsync()
        {
            using var stream = typeof(Gatehouse.House.Serve).Assembly.GetManifestResourceStream("demo/access.yaml")!;
            using var reader = new StreamReader(stream);
            Text = Address().Replace(await reader.ReadToEndAsync(), "{upstream}");
            Gate = await GateDesk.OpenAsync(Text);
        }

        public ValueTask DisposeAsync() => Gate.DisposeAsync();

        [GeneratedRegex(@"\$\{GATEHOUSE_[A-Z_]+:-http://127\.0\.0\.1:91\d\d\}")]
        private static partial Regex Address();
    }
}
