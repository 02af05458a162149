using System.Collections.Immutable;
using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using Gatehouse.Gateway.Access;
using Gatehouse.Gateway.Access.Apisix;

namespace Gatehouse.House.Commands;

/// <summary><c>gatehouse import apisix</c>: an access file from what a site has.</summary>
internal static class ApisixCommand
{
    private const int MostBytes = 4 * 1024 * 1024;
    private static readonly JsonSerializerOptions Readable = new() { WriteIndented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static Verb Build(Terminal terminal)
        => DataVerb.Group("import", "Makes an access file from the configuration of another gateway.", ["gatehouse import apisix apisix.yaml -o access.yaml"], Apisix(terminal));

    private static Verb Apisix(Terminal terminal)
    {
        var file = new Argument<string>("FILE") { Description = "A standalone apisix.yaml or apisix.json, or a chart's values file with 'apisixStandalone'; rendered, if it is a template." };
        var services = new Option<string?>("--services") { Description = "YAML file with an address, or a list, for each service id or name in the discovery: 'expertflow/ef-cx-ccm-svc:http: http://10.1.0.5:8081'.", HelpName = "FILE" };
        var output = new Option<string?>("--output", "-o") { Description = "Where the access file goes; it must not be there yet. Without it the file goes to the output, and the report to the error stream.", HelpName = "FILE" };
        var realm = new Option<string?>("--realm") { Description = "Realm whose tokens count; the one that the plugins name, if they name one.", HelpName = "REALM" };
        var host = new Option<string?>("--host") { Description = "Take the routes of this host; the one that most routes name.", HelpName = "HOST" };
        var roles = new Option<string[]>("--roles") { Description = "Roles that may where Keycloak's authorization services decided (authz-keycloak); without it nobody may there.", HelpName = "ROLES", AllowMultipleArgumentsPerToken = true };
        var strict = new Option<bool>("--strict") { Description = "Insist on the 'audience' that APISIX passes over, and exit with 1 when anything differs." };
        var json = new Option<bool>("--json") { Description = "Report in JSON." };
        var command = new Verb(
            "apisix",
            "Turns a configuration of APISIX with openid-connect and authz-keycloak into an access file, and says route by route what differs. What was protected never comes out public. What was open stays open; where the gate cannot tell two requests apart as APISIX does, the stricter answer counts, and the report names every path and method that was open and is not ('Open in APISIX, and not here'). Secrets of the file are neither shown nor carried over. Exit code 0 when the access file was made, 1 when it could not be (with --strict: or when anything differs), 2 for wrong usage.",
            "gatehouse import apisix apisix.yaml -o access.yaml",
            "gatehouse import apisix values.yaml --host cx.example.org --realm expertflow --roles agent,supervisor,admin --services services.yaml -o access.yaml",
            "gatehouse import apisix apisix.json --json --strict 2>report.json >access.yaml",
            "gatehouse check access.yaml") { file, services, output, realm, host, roles, strict, json };
        command.SetAction(parsed =>
        {
            var wish = new ImportWish(parsed.GetValue(realm), parsed.GetValue(host), [.. (parsed.GetValue(roles) ?? []).SelectMany(one => one.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))], parsed.GetValue(strict), ServicesOf(parsed.GetValue(services)));
            ApisixImport made;
            try
            {
                made = ApisixImport.Of(Load(parsed.GetValue(file)!), wish, Environment.GetEnvironmentVariable);
            }
            catch (Exception wrong) when (wrong is AccessFault or InvalidOperationException)
            {
                throw new StartRefused($"'{parsed.GetValue(file)}' is not imported: {Terminal.Printable(wrong.Message)}");
            }

            if (parsed.GetValue(output) is { } path) Write(path, made.Text);
            else terminal.Output.Write(made.Text);
            var report = parsed.GetValue(output) is null ? terminal with { Output = terminal.Error } : terminal;
            if (parsed.GetValue(json)) report.Output.WriteLine(Json(made).ToJsonString(Readable));
            else Say(report, made, parsed.GetValue(output));
            return wish.Strict && made.Routes.Any(one => one.Differs) ? CommandLine.Refused : CommandLine.Done;
        });
        return command;
    }

    private static void Say(Terminal terminal, ApisixImport made, string? path)
    {
        terminal.Table(["route", "line", "was", "becomes", "differs"], made.Routes.Select(one => (IReadOnlyList<string?>)[one.Route.Id, one.Route.Line > 0 ? one.Route.Line.ToString() : "", one.Route.Guard.Words, one.Becomes, one.Remarks.Count == 0 ? "" : string.Join(' ', one.Remarks.Select(remark => remark.Code).Distinct().Take(4))]));
        foreach (var one in made.Routes)
            foreach (var remark in one.Remarks.Distinct()) terminal.Output.WriteLine(Terminal.Printable($"{one.Route.Id}: {remark.Code}: {remark.Text}"));
        foreach (var remark in made.Remarks) terminal.Output.WriteLine(Terminal.Printable($"{remark.Code}: {remark.Text}"));
        if (made.Closings.Count > 0) terminal.Output.WriteLine("Open in APISIX, and not here:");
        foreach (var one in made.Closings) terminal.Output.WriteLine(Terminal.Printable("  " + one.Text));
        var counts = made.Routes.GroupBy(one => one.Becomes).OrderByDescending(group => group.Count()).Select(group => $"{group.Count()} {group.Key}");
        terminal.Output.WriteLine($"{made.Routes.Count} routes: {string.Join(", ", counts)}; {made.Services.Count} services. {made.Routes.Count(one => one.Differs)} routes differ.{(path is null ? "" : $" Next: gatehouse check {path}")}");
    }

    private static JsonObject Json(ApisixImport made) => new()
    {
        ["realm"] = made.Realm, ["host"] = made.Host, ["hosts"] = new JsonArray([.. made.Hosts.Select(one => JsonValue.Create(one))]),
        ["services"] = new JsonArray([.. made.Services.Select(one => new JsonObject { ["name"] = one.Name, ["from"] = one.Upstream.Name, ["prefix"] = one.Prefix, ["strip"] = one.Strip, ["upstreams"] = new JsonArray([.. one.Upstreams.Select(address => JsonValue.Create(address))]) })]),
        ["routes"] = new JsonArray([.. made.Routes.Select(one => new JsonObject
        {
            ["id"] = one.Route.Id, ["line"] = one.Route.Line, ["uris"] = new JsonArray([.. one.Route.Patterns.Select(pattern => JsonValue.Create(ApisixFile.Shown(pattern.Text)))]), ["was"] = one.Route.Guard.Words, ["becomes"] = one.Becomes, ["differs"] = one.Differs, ["remarks"] = RemarksOf(one.Remarks),
        })]),
        ["closed"] = new JsonArray([.. made.Closings.Select(one => new JsonObject { ["methods"] = Texts(one.Methods), ["paths"] = Texts(one.Paths), ["but"] = Texts(one.But), ["now"] = one.Now, ["route"] = one.Route.Id, ["why"] = one.Why, ["among"] = Texts(one.Among) })]),
        ["remarks"] = RemarksOf(made.Remarks),
    };

    private static JsonArray Texts(IEnumerable<string> texts) => new([.. texts.Select(one => JsonValue.Create(one))]);

    private static JsonArray RemarksOf(IEnumerable<Remark> remarks) => new([.. remarks.Distinct().Select(one => new JsonObject { ["code"] = one.Code, ["text"] = one.Text })]);

    private static IReadOnlyDictionary<string, ImmutableArray<string>> ServicesOf(string? path)
    {
        var found = new Dictionary<string, ImmutableArray<string>>(StringComparer.Ordinal);
        if (path is null) return found;
        try
        {
            foreach (var (name, value) in Plain.Read(Load(path)).Members ?? throw new AccessFault("it must be a mapping (name: address)"))
            {
                foreach (var address in value.Texts)
                    if (!Uri.TryCreate(address, UriKind.Absolute, out var uri) || uri is not { Scheme: "http" or "https", PathAndQuery: "/", UserInfo: "" } || address.Any(c => c is '$' or '"' or '\\' or <= ' ')) throw new AccessFault($"'{name}' needs addresses such as http://10.1.0.5:8081, without a path");
                if (value.Texts.Count == 0) throw new AccessFault($"'{name}' has no address");
                found[name] = [.. value.Texts];
            }
        }
        catch (AccessFault wrong)
        {
            throw new StartRefused($"'{path}': {Terminal.Printable(wrong.Message)}");
        }

        return found;
    }

    private static string Load(string path)
    {
        try
        {
            if (new FileInfo(path).Length > MostBytes) throw new StartRefused($"'{path}' is larger than 4 MiB.");
            return File.ReadAllText(path);
        }
        catch (Exception wrong) when (wrong is IOException or UnauthorizedAccessException)
        {
            throw new StartRefused($"'{path}' cannot be read: {wrong.Message}");
        }
    }

    private static void Write(string path, string text)
    {
        try
        {
            using var file = new StreamWriter(new FileStream(path, FileMode.CreateNew, FileAccess.Write));
            file.Write(text);
        }
        catch (Exception wrong) when (wrong is IOException or UnauthorizedAccessException)
        {
            throw new StartRefused($"'{path}' cannot be written: {wrong.Message}");
        }
    }
}
