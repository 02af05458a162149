using System.Text;
using Gatehouse.Gateway.Access;
using Xunit;

namespace Gatehouse.Tests.Gateway.Access;

/// <summary>An access file is read strictly, whatever stands in it; the golden files hold what each mistake is told.</summary>
public sealed class AccessReaderTests
{
    private const string Small = """
        realm: r
        services:
          a: { upstreams: [http://127.0.0.1:1], rules: [ { allow: {} } ] }

        """;

    [Fact]
    public void The_smallest_file_loads()
    {
        var (file, findings) = AccessReader.Read(Small);
        Assert.Empty(findings);
        Assert.Equal("/a", Assert.Single(file!.Services).Prefix);
    }

    [Theory]
    [InlineData("")]
    [InlineData("---\n---\n")]
    [InlineData("just text")]
    [InlineData("- a\n- list")]
    [InlineData("realm: [r")]
    [InlineData("realm: r\nrealm: r\nservices: {}")]
    [InlineData("realm: r\nservices: 7")]
    [InlineData("realm: r\nservices: { a: null }")]
    [InlineData("realm: r\nservices: { a: { rules: 7, upstreams: { x: 1 } } }")]
    [InlineData("realm: { a: b }\nservices: { a: { upstreams: [http://h:1], rules: [ { allow: {} } ] } }")]
    [InlineData("realm: &x [*x]")]
    [InlineData("realm: *nowhere")]
    [InlineData("&a realm: r\n? [1, 2]\n: 3")]
    [InlineData("realm: r\nservices: {}\npublic: { a: b }")]
    [InlineData("realm: r\nservices: {}\npublic: [ 1, [2], { lines: [x] } ]")]
    [InlineData("realm: \"\\0\"")]
    public void What_is_no_access_file_is_refused_with_a_line(string text)
    {
        var (file, findings) = AccessReader.Read(text);
        Assert.Null(file);
        Assert.Contains(findings, finding => finding.Severity == Severity.Error);
        Assert.All(findings, finding => Assert.True(finding.Line >= 0));
    }

    [Theory]
    [InlineData("[")]
    [InlineData("{a: ")]
    [InlineData("- ")]
    public void Endless_nesting_costs_no_stack(string unit)
    {
        var text = new StringBuilder();
        for (var i = 0; i < 50_000; i++) text.Append(unit);
        Assert.Null(AccessReader.Read(text.ToString()).File);
    }

    [Fact]
    public void A_file_beyond_all_measure_is_refused() => Assert.Equal("access.too-large", Assert.Single(AccessReader.Read(new string('#', 5 * 1024 * 1024)).Findings).Code);

    [Fact]
    public void Variables_come_from_the_environment_or_their_default_and_not_into_comments()
    {
        var text = "# ${IN_COMMENT} counts for nothing\n" + Small.Replace("127.0.0.1:1", "${HOST:-h}:${PORT}");
        var (file, findings) = AccessReader.Read(text, name => name == "PORT" ? "77" : null);
        Assert.DoesNotContain(findings, finding => finding.Severity == Severity.Error);
        Assert.Equal("http://h:77/", file!.Services[0].Plan.Addresses[0].Uri.ToString());
        var (none, missing) = AccessReader.Read(text, _ => null);
        Assert.Null(none);
        Assert.Contains(missing, finding => finding is { Code: "access.variable", Line: 4 });
    }

    [Fact]
    public void The_public_list_can_be_pasted_as_it_stands_in_the_vendors_document()
    {
        const string Pasted = """
            public: |
              POST /a/agent/login
              GET /a/socket.io/

              GET /a/agents/{{}}
              GET /a/widget-configs/{{WidgetIdentifier}}
              POST /a/forms/{{formID}} (This is only valid for CX-4.9.5 version)
              POST /a/keycloakLogin (all routes) (This is only valid for CX-4.9.5 version)
            """;
        var (file, findings) = AccessReader.Read(Small + Pasted);
        Assert.All(findings, finding => Assert.Equal("public.no-reason", finding.Code));
        Assert.Equal([5, 6, 8, 9, 10, 11], findings.Select(finding => finding.Line));
        Assert.Equal(["/a/agent/login", "/a/socket.io/**", "/a/agents/{{}}", "/a/widget-configs/{{WidgetIdentifier}}", "/a/forms/{{formID}}", "/a/keycloakLogin/**"], file!.Routes.Where(route => route.IsPublic).Select(route => route.Template.Text));
    }

    [Theory]
    [InlineData("GET /a/users*", "")]
    [InlineData("GET /a/{id:[0-9a-f]{24}}", "")]
    [InlineData("GET /a/users* (all routes)", "public.form")] // two ends
    [InlineData("GET /a/*", "public.form")]
    [InlineData("GET /a*", "public.no-service")] // no service has such a prefix, and "/a" is not meant
    [InlineData("GET /*", "public.form")]
    [InlineData("GET /a/us%2f*", "public.form")]
    public void Public_lines_may_end_in_a_word(string line, string code)
        => Assert.Equal(code, string.Join(' ', AccessReader.Read($"{Small}public:\n  - reason: x\n    lines: |\n      {line}\n").Findings.Select(finding => finding.Code)));

    [Theory]
    [InlineData("GET /a/us*", "{ path: /a/users, allow: {} }", "rule.none")] // the literal is decided first
    [InlineData("GET /a/us*", "{ path: \"/a/users*\", allow: {} }", "rule.none")] // and so is the longer word
    [InlineData("GET /a/users/me", "{ path: \"/a/users*\", allow: {} }", "rule.none")] // it is there for what is left
    [InlineData("GET /a/us*", "{ path: \"/a/{x}\", allow: {} }", "rule.shadowed")]
    [InlineData("GET /a/us*", "{ path: \"/a/{x:[a-z]{5}}\", allow: {} }", "rule.shadowed")]
    [InlineData("GET /a/us*", "{ path: \"/a/{x:[0-9]+}\", allow: {} }", "rule.none")] // they have no path in common
    [InlineData("GET /a/us*", "{ path: \"/a/us*\", allow: {} }", "rule.none")] // for other methods
    [InlineData("GET /a/%75s*", "{ path: \"/a/us*\", methods: [GET], allow: {} }", "rule.none route.shadowed")]
    [InlineData("GET /a/{x:[0-9]{2}}", "{ path: \"/a/{y:[9876543210]{2,2}}\", methods: [GET], allow: {} }", "rule.none route.shadowed")]
    [InlineData("GET /a/%2A%2A", "{ path: \"/a/**\", methods: [GET], allow: {} }", "rule.none")] // two stars that are characters
    public void Lints_know_words_and_holes_for_certain_characters(string line, string rule, string codes)
    {
        var text = Small.Replace("{ allow: {} }", rule, StringComparison.Ordinal);
        Assert.NotEqual(Small, text);
        var found = AccessReader.Read($"{text}public:\n  - reason: x\n    lines: |\n      {line}\n").Findings.Select(finding => finding.Code).ToList();
        Assert.Equal(codes, string.Join(' ', found.Prepend("rule.none").Where(code => code != "rule.none" || !found.Exists(one => one.StartsWith("rule.", StringComparison.Ordinal)))));
    }

    [Theory]
    [InlineData("/a/stat*", "public.reaches")]
    [InlineData("/a/**", "public.reaches public.whole-service")]
    [InlineData("/a/status-page*", "")]
    [InlineData("/a/stat", "")]
    public void A_public_word_that_reaches_into_another_service_is_told(string path, string codes)
        => Assert.Equal(codes, string.Join(' ', AccessReader.Read($"{Small}  other: {{ prefix: /a/status, upstreams: [http://127.0.0.1:2], rules: [ {{ path: /a/status/x, allow: {{}} }} ] }}\npublic:\n  - reason: x\n    lines: |\n      GET {path}\n").Findings.Where(one => one.Code.StartsWith("public.", StringComparison.Ordinal)).Select(one => one.Code).Order(StringComparer.Ordinal)));

    [Fact]
    public void A_services_prefix_is_whole_segments()
    {
        foreach (var prefix in (string[])["/a*", "/a/us*", "/a/{x:[0-9]+}"]) Assert.Contains(AccessReader.Read(Small.Replace("a: {", $"a: {{ prefix: \"{prefix}\",", StringComparison.Ordinal)).Findings, finding => finding.Code == "service.prefix");
    }

    [Fact]
    public void A_large_file_is_read_quickly()
    {
        var text = new StringBuilder(Small).Append("public:\n  - reason: many\n    lines: |\n");
        for (var i = 0; i < 2_000; i++) text.Append($"      GET /a/x{i}/{{{{id}}}}\n");
        var (file, findings) = AccessReader.Read(text.ToString());
        Assert.Empty(findings);
        Assert.Equal(2_001, file!.Routes.Length);
    }
}
