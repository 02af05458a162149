using System.Text.Json.Nodes;
using Gatehouse.Tests.Kits;
using Gatehouse.Wire.Jose;
using Xunit;

namespace Gatehouse.Tests.House.Commands;

/// <summary>The commands on data, over one data folder; what depends on the process (input, help) runs as one.</summary>
public sealed class DataCommandsTests : IAsyncLifetime
{
    private readonly string data = Path.Combine(Path.GetTempPath(), $"gatehouse-cli-{Guid.NewGuid():n}");

    public async ValueTask InitializeAsync() => await DoneAsync("realms", "add", "contact-centre", "--display-name", "Contact Centre");

    public ValueTask DisposeAsync()
    {
        Directory.Delete(data, recursive: true);
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task People_are_added_shown_changed_and_deleted()
    {
        var password = (await DoneAsync("users", "add", "Alice", "--first-name", "Alice", "--email", "alice@example.org", "--role", "realm-management/view-users", "--generate")).Trim();
        Assert.Matches("^[a-z2-9]{5}(-[a-z2-9]{5}){3}$", password);
        var listed = Assert.Single((await JsonAsync("users", "list")).AsArray())!;
        Assert.Equal("alice", (string?)listed["username"]);
        Assert.Contains("alice", await DoneAsync("users", "list", "--search", "ALI"));

        await DoneAsync("users", "disable", "alice");
        Assert.False((bool?)(await JsonAsync("users", "show", "alice"))["user"]!["enabled"]);
        await DoneAsync("users", "enable", "alice");
        Assert.True((bool?)(await JsonAsync("users", "show", "alice"))["user"]!["enabled"]);

        await DoneAsync("users", "roles", "alice", "--give", "offline_access", "--take", "realm-management/view-users");
        var roles = (await JsonAsync("users", "roles", "alice")).AsArray();
        Assert.Contains(roles, role => (string?)role!["role"] == "offline_access" && (bool)role["direct"]!);
        Assert.DoesNotContain(roles, role => (string?)role!["role"] == "realm-management/view-users");

        await DoneAsync("users", "attributes", "alice", "--set", "xivo.profile=Agent=1", "--set", "team=a", "--set", "team=b", "--set", "gone=");
        await DoneAsync("users", "attributes", "alice", "--set", "team=");
        Assert.Equal("""{"xivo.profile":["Agent=1"]}""", (await JsonAsync("users", "attributes", "alice")).ToJsonString());
        await RefusedAsync("NAME=VALUE", "users", "attributes", "alice", "--set", "team");

        await RefusedAsync("--yes", "users", "delete", "alice");
        await DoneAsync("users", "delete", "alice", "--yes");
        await RefusedAsync("no user 'alice'", "users", "show", "alice");
        await RefusedAsync("no role 'nothing'", "users", "add", "bob", "--role", "nothing", "--generate");
        Assert.Empty((await JsonAsync("users", "list")).AsArray());
    }

    [Fact]
    public async Task Gadgets_are_stopped_listed_and_allowed_again()
    {
        await DoneAsync("gadgets", "stop", "crm-lookup");
        await DoneAsync("gadgets", "stop", "crm-lookup");
        Assert.Equal("crm-lookup", (string?)Assert.Single((await JsonAsync("gadgets", "stopped")).AsArray())!["gadget"]);
        await DoneAsync("gadgets", "allow", "crm-lookup");
        await RefusedAsync("is not stopped", "gadgets", "allow", "crm-lookup");
        await RefusedAsync("no gadget's id", "gadgets", "stop", "../crm");
        Assert.Contains("No gadget is stopped", await DoneAsync("gadgets", "stopped"));
    }

    [Fact]
    public async Task Roles_are_added_listed_and_deleted()
    {
        await DoneAsync("roles", "add", "history-export", "--description", "May export");
        Assert.Contains("May export", await DoneAsync("roles", "list", "--search", "history"));
        await RefusedAsync("a role 'history-export' already", "roles", "add", "history-export");
        await RefusedAsync("built in", "roles", "add", "realm-admin", "--client", "realm-management");
        await RefusedAsync("built in", "roles", "delete", "default-roles-contact-centre", "--yes");
        await RefusedAsync("--yes", "roles", "delete", "history-export");
        await DoneAsync("roles", "delete", "history-export", "--yes");
        await RefusedAsync("no role", "roles", "delete", "history-export", "--yes");
    }

    [Fact]
    public async Task Projects_of_dialogs_are_set_up_and_their_secrets_shown()
    {
        await DoneAsync("dialogs", "project", "support", "--headroom", "10m", "--silence", "90s", "--after", "recording", "--after", "transcript", "--role", "bot");
        await DoneAsync("dialogs", "project", "support", "--hard-limit", "2h", "--freeze-on-misuse", "false");
        var one = Assert.Single((await JsonAsync("dialogs", "projects")).AsArray())!;
        Assert.Equal((600, 90, 7200, false, 2), ((int)one["headroom"]!, (int)one["silence"]!, (int)one["hardLimit"]!, (bool)one["freezeOnMisuse"]!, one["after"]!.AsArray().Count));
        var secret = (await DoneAsync("dialogs", "secret", "support")).Trim();
        Assert.Matches("^whsec_[A-Za-z0-9+/]{43}=$", secret);
        Assert.Equal(secret, (await DoneAsync("dialogs", "secret", "support")).Trim());
        var rotated = (await DoneAsync("dialogs", "secret", "support", "--rotate")).Trim().Split(Environment.NewLine);
        Assert.Equal((2, secret), (rotated.Length, rotated[1]));
        await RefusedAsync("no time", "dialogs", "project", "support", "--headroom", "soon");
        await RefusedAsync("24 hours", "dialogs", "project", "support", "--hard-limit", "25h");
        await RefusedAsync("administrative", "dialogs", "project", "support", "--role", "realm-management/realm-admin");
        await RefusedAsync("no dialog project", "dialogs", "secret", "nobodys");
        await RefusedAsync("no dialog 'x'", "dialogs", "end", "x");
        Assert.Empty((await JsonAsync("dialogs", "list")).AsArray());
    }

    [Fact]
    public async Task A_directory_is_imported_and_its_status_told()
    {
        await using var slapd = await SlapdKit.StartAsync(Federation.LdapTests.Fixture.Ldif);
        Environment.SetEnvironmentVariable("GATEHOUSE_TEST_DIRECTORY_SECRET", SlapdKit.AdminPassword);
        await DoneAsync("providers", "add", "site", "--kind", "ldap", "--set", "urls=" + slapd.Url, "--set", "usersDn=ou=people," + SlapdKit.Base, "--set", "bindDn=" + SlapdKit.Admin, "--secret", "bindPassword=env:GATEHOUSE_TEST_DIRECTORY_SECRET");
        Assert.Contains("never imported", await DoneAsync("providers", "status", "site"));
        await DoneAsync("users", "add", "otto", "--generate");
        Assert.Contains("Nothing was changed", await DoneAsync("providers", "import", "site", "--dry-run"));
        var told = await DoneAsync("providers", "import", "site");
        Assert.Contains("read 2, made 1, changed 0, unchanged 0, skipped 1", told);
        Assert.Contains("name_taken", told);
        var status = await JsonAsync("providers", "status", "site");
        Assert.Equal(("DONE", 1), ((string?)status["status"], (int?)status["added"]));
        Assert.Equal("mina", (string?)(await JsonAsync("users", "list", "--search", "mina")).AsArray()[0]!["username"]);
        Assert.Contains("made 0", await DoneAsync("providers", "import", "site", "--delta"));
        await DoneAsync("providers", "set", "site", "--set", "syncEvery=15m");
        Assert.Equal("15m", (string?)(await JsonAsync("providers", "list")).AsArray()[0]!["config"]!["syncEvery"]);
        await DoneAsync("providers", "set", "site", "--set", "syncEvery=");
        Assert.Null((await JsonAsync("providers", "list")).AsArray()[0]!["config"]!["syncEvery"]);
        foreach (var wrong in (string[])["syncEvery=5s", "syncEvery=often", "vanished=delete", "mostVanished=101", "urls=", "surprise=1"]) await RefusedAsync(wrong[..wrong.IndexOf('=')], "providers", "set", "site", "--set", wrong);
        await slapd.KillAsync();
        Assert.Equal(1, (await Program.HereAsync("", ["providers", "import", "site", "--data", data])).Code);
        Assert.Contains("broke off", await DoneAsync("providers", "status", "site"));
        await DoneAsync("providers", "add", "hq", "--kind", "oidc", "--set", "issuer=http://127.0.0.1:1", "--set", "clientId=gatehouse");
        await RefusedAsync("does not list", "providers", "import", "hq");
    }

    [Fact]
    public async Task Providers_are_added_listed_tested_and_removed()
    {
        Assert.Contains("ldap: LDAP directory", (await Program.HereAsync("", ["providers", "kinds"])).Output);
        Environment.SetEnvironmentVariable("GATEHOUSE_TEST_PROVIDER_SECRET", "very-secret-value");
        await DoneAsync("providers", "add", "hq", "--kind", "oidc", "--set", "issuer=http://127.0.0.1:1", "--set", "clientId=gatehouse", "--secret", "clientSecret=env:GATEHOUSE_TEST_PROVIDER_SECRET", "--map", "groups=team-* -> group /teams/{value}", "--domain", "hq.example");
        var listed = Assert.Single((await JsonAsync("providers", "list")).AsArray())!;
        Assert.Equal(("hq", "/teams/{value}"), ((string?)listed["alias"], (string?)listed["mapping"]![0]!["target"]));
        Assert.DoesNotContain("very-secret-value", listed.ToJsonString());
        var (code, output, _) = await Program.HereAsync("", ["providers", "test", "hq", "--data", data]);
        Assert.Equal(1, code);
        Assert.Contains("It does not serve", output);
        await RefusedAsync("env:VARIABLE", "providers", "add", "bad", "--kind", "google", "--set", "clientId=x", "--secret", "clientSecret=on-the-line");
        await RefusedAsync("mapping rule", "providers", "add", "bad", "--kind", "google", "--set", "clientId=x", "--map", "nonsense");
        await RefusedAsync("clientId", "providers", "add", "bad", "--kind", "google");
        await RefusedAsync("already", "providers", "add", "hq", "--kind", "google", "--set", "clientId=x");
        await DoneAsync("providers", "remove", "hq");
        await RefusedAsync("no provider 'hq'", "providers", "remove", "hq");
    }

    [Fact]
    public async Task Passwords_come_from_the_input_and_are_judged()
    {
        await DoneAsync("users", "add", "alice", "--generate");

        Assert.Equal(0, (await Program.RunAsync("a fairly long secret\n", ["users", "set-password", "alice", "--data", data])).Code);
        var weak = await Program.RunAsync("password123\n", ["users", "set-password", "alice", "--data", data]);
        Assert.Equal(1, weak.Code);
        Assert.Contains("most common", weak.Error);
        var none = await Program.HereAsync("", ["users", "set-password", "alice", "--data", data]);
        Assert.Equal(1, none.Code);
        Assert.Contains("--generate", none.Error);
        // There is no way to name a password on the line, where the process list would show it.
        Assert.Equal(2, (await Program.RunAsync("users", "set-password", "alice", "--password", "x", "--data", data)).Code);
    }

    [Fact]
    public async Task Clients_show_their_secret_once()
    {
        var secret = (await DoneAsync("clients", "add", "crm-sync", "--service-account", "--role", "offline_access")).Trim();
        Assert.StartsWith("gtclient_", secret);
        Assert.DoesNotContain(secret, await DoneAsync("clients", "show", "crm-sync"));
        Assert.DoesNotContain(secret, (await JsonAsync("clients", "show", "crm-sync")).ToJsonString());
        Assert.NotEqual(secret, (string?)(await JsonAsync("clients", "secret", "crm-sync", "--keep-old", "24"))["secret"]);
        await RefusedAsync("already", "clients", "add", "crm-sync", "--service-account");
        await RefusedAsync("wildcard", "clients", "add", "desk", "--public", "--redirect-uri", "https://desk.example.org/*");
        await RefusedAsync("--redirect-uri", "clients", "add", "desk", "--public");
        await DoneAsync("clients", "add", "desk", "--public", "--redirect-uri", "https://desk.example.org/callback", "--audience", "crm", "--audience", "orders");
        Assert.Matches("audience +crm(.|\n)*audience +orders", await DoneAsync("clients", "show", "desk"));
        await RefusedAsync("no secret", "clients", "secret", "desk");
        Assert.Equal(2, (await JsonAsync("clients", "list")).AsArray().Count);
        await DoneAsync("clients", "delete", "desk", "--yes");
        Assert.Single((await JsonAsync("clients", "list")).AsArray());
    }

    [Fact]
    public async Task Keys_rotate_and_the_audit_log_knows_it_all()
    {
        await DoneAsync("keys", "rotate");
        var key = Assert.Single((await JsonAsync("keys", "list")).AsArray())!;
        Assert.Equal("ES256", (string?)key["algorithm"]);
        await DoneAsync("users", "add", "alice", "--generate");

        var events = (await JsonAsync("audit", "list")).AsArray();

        Assert.Equal(["CREATE", "ACTION", "CREATE"], events.Select(one => (string?)one!["operationType"]));
        Assert.All(events, one => Assert.Equal("gatehouse-cli", (string?)one!["authDetails"]!["clientId"]));
        Assert.Single((await JsonAsync("audit", "list", "--type", "ACTION")).AsArray());
    }

    [Fact]
    public async Task Realms_are_listed_barred_and_told_apart()
    {
        await DoneAsync("realms", "add", "second");
        await RefusedAsync("already", "realms", "add", "second");
        await RefusedAsync("cannot name a realm", "realms", "add", "No Good");
        Assert.Equal(["contact-centre", "second"], (await JsonAsync("realms", "list")).AsArray().Select(realm => (string?)realm!["realm"]));
        await RefusedAsync("--realm", "users", "list");
        await RefusedAsync("no realm 'third'", "users", "list", "--realm", "third");
        await DoneAsync("users", "list", "--realm", "second");
        await DoneAsync("realms", "disable", "second");
        Assert.False((bool?)(await JsonAsync("realms", "list"))[1]!["enabled"]);
    }

    [Fact]
    public async Task A_missing_folder_is_not_made_by_a_typing_error()
    {
        var ended = await Program.RunAsync("users", "list", "--data", data + "-typo");
        Assert.Equal(1, ended.Code);
        Assert.Contains("realms add", ended.Error);
        Assert.False(Directory.Exists(data + "-typo"));
    }

    [Fact]
    public async Task It_works_on_PostgreSQL_as_well()
    {
        var connection = await PostgresKit.DatabaseAsync();
        string[] there = ["--connection", connection, "--data", data];
        Assert.Equal(0, (await Program.HereAsync("", ["realms", "add", "r", .. there])).Code);
        Assert.Equal(0, (await Program.HereAsync("", ["users", "add", "alice", "--generate", .. there])).Code);
        var listed = await Program.HereAsync("", ["users", "list", "--json", .. there]);
        Assert.Equal("alice", (string?)JsonNode.Parse(listed.Output)![0]!["username"]);
    }

    [Fact]
    public async Task A_token_is_explained_without_its_signature()
    {
        var token = new JoseSigner(Jwk.Generate("ES256"), "ES256").Sign("""{"iss":"https://elsewhere.example/realms/x","sub":"alice\u001b[31m","exp":1700000000,"iat":1699999700}"""u8.ToArray(), "at+jwt");

        var shown = await Program.HereAsync(token + "\n", ["token", "inspect", "-", "--data", data]);
        Assert.Equal(0, shown.Code);
        Assert.Contains("expired", shown.Output);
        Assert.Contains(" ago)", shown.Output);
        Assert.Contains("not checked", shown.Output);
        Assert.DoesNotContain(token.Split('.')[2], shown.Output);
        Assert.DoesNotContain('\u001b', shown.Output);

        var json = JsonNode.Parse((await Program.HereAsync("Bearer " + token, ["token", "inspect", "-", "--json", "--data", data])).Output)!;
        Assert.Equal("expired", (string?)json["state"]);
        Assert.Equal("https://elsewhere.example/realms/x", (string?)json["claims"]!["iss"]);
        Assert.Equal(1, (await Program.HereAsync("", "token", "inspect", "not-a-token")).Code);
    }

    [Theory]
    [InlineData("users")]
    [InlineData("users", "add")]
    [InlineData("clients", "add")]
    [InlineData("keys", "rotate")]
    [InlineData("audit", "list")]
    [InlineData("realms", "add")]
    [InlineData("token", "inspect")]
    public async Task Every_help_has_examples(params string[] command)
    {
        var ended = await Program.HereAsync("", [.. command, "--help"]);
        Assert.Equal(0, ended.Code);
        Assert.Contains("Examples:", ended.Output);
        Assert.Contains($"gatehouse {command[0]}", ended.Output);
    }

    private async Task<string> DoneAsync(params string[] args)
    {
        var ended = await Program.HereAsync("", [.. args, "--data", data]);
        Assert.True(ended.Code == 0, $"{string.Join(' ', args)}: {ended.Code} {ended.Error}{ended.Output}");
        return ended.Output;
    }

    private async Task<JsonNode> JsonAsync(params string[] args) => JsonNode.Parse(await DoneAsync([.. args, "--json"]))!;

    private async Task RefusedAsync(string why, params string[] args)
    {
        var ended = await Program.HereAsync("", [.. args, "--data", data]);
        Assert.Equal(1, ended.Code);
        Assert.Contains(why, ended.Error);
        Assert.Empty(ended.Output);
    }
}
