using Gatehouse.Gateway;
using Gatehouse.Gateway.Access;
using Xunit;

namespace Gatehouse.Tests.Gateway.Access;

public sealed class BasicAccessTests
{
    private const string File = """
        realm: r
        services:
          open: { upstreams: ["http://127.0.0.1:9"], accept: [token, basic], pass-authorization-on-public: true, rules: [{ allow: {} }] }
          below: { prefix: /open/below, upstreams: ["http://127.0.0.1:9"], pass-authorization-on-public: true, rules: [{ allow: {} }] }
          talks: { upstreams: ["http://127.0.0.1:9"], accept: [basic, dialog], rules: [{ path: "/talks/{d}", dialog: { path: d }, allow: {} }] }
          closed: { upstreams: ["http://127.0.0.1:9"], rules: [{ allow: {} }] }
        """;

    [Fact]
    public void It_is_off_unless_named_and_what_is_doubtful_about_it_is_said()
    {
        var (file, findings) = AccessReader.Read(File);
        Assert.Equal(["open", "talks"], file!.Services.Where(service => service.Accepts.Basic).Select(service => service.Name));
        Assert.Equal(["basic.pass", "basic.below", "basic.dialog"], findings.Where(one => one.Code.StartsWith("basic.", StringComparison.Ordinal)).OrderBy(one => one.Line).Select(one => one.Code));
        Assert.Equal(2, BasicLint.Now(file, isTls: false).Count());
        Assert.Empty(BasicLint.Now(file, isTls: true));
    }

    [Fact]
    public void Table_tests_ask_by_which_credential()
    {
        var (tests, findings) = AccessTests.Read("""
            principals:
              script: { roles: [agent], by: basic }
              agent: { roles: [agent], by: token }
              page: { roles: [agent], by: session }
            tests:
              GET /open/x: { script: 200, agent: 200, page: credential.kind, nobody: 401 }
              GET /closed/x: { script: credential.kind, agent: 200 }
            """);
        Assert.Empty(findings);
        var routes = new RouteTable(AccessReader.Read(File).File!.Routes);
        Assert.All(tests!.Rows, row => Assert.True(row.IsMet(Explanation.Of(routes, row.Method, row.Path, row.Principal, row.By)), row.ToString()));
        Assert.Contains("does not name basic", Explanation.Of(routes, "GET", "/closed/x", tests.Rows[0].Principal, Gatehouse.Credentials.CredentialKind.Basic).Why, StringComparison.Ordinal);
        Assert.Null(AccessTests.Read("principals: { x: { by: password } }\ntests: { GET /x: { x: 200 } }").Tests);
    }
}
