using System.Collections.Frozen;
using System.CommandLine;
using System.Text.Json.Nodes;
using Gatehouse.Gateway;
using Gatehouse.Gateway.Access;
using Gatehouse.Terms;
using Gatehouse.Tokens;
using Gatehouse.Wire.Jose;
using Gatehouse.Wire.Text;

namespace Gatehouse.House.Commands;

/// <summary><c>gatehouse check</c>, <c>explain</c> and <c>test</c>: the access file before it counts. None of them needs a running program.</summary>
internal static class GateCommands
{
    private const string Usual = "./data/access.yaml";

    public static Verb Check(Terminal terminal)
    {
        var file = new Argument<string>("FILE") { Description = "The access file." };
        var json = new Option<bool>("--json") { Description = "Answer in JSON." };
        var settings = new Option<string?>("--settings") { Description = "Settings file, for what ends in it; gatehouse.json beside the access file when that is there.", HelpName = "FILE" };
        var command = new Verb("check", "Reads an access file and says what is wrong or doubtful, each with its line, and which calls of a facade end soon. Exit code 1 when it would not load.", "gatehouse check access.yaml", "gatehouse check examples/expertflow/access.yaml --json") { file, json, settings };
        command.SetAction(parsed =>
        {
            var (read, findings) = AccessReader.Read(Load(parsed.GetValue(file)!), now: TimeProvider.System.GetUtcNow());
            var observed = read is null ? [] : ObservedParts.Of(read, TimeProvider.System.GetUtcNow());
            if (read is not null) findings = [.. findings, .. LegacyLint.Now(read, TimeProvider.System.GetUtcNow())];
            var ends = FacadeEnds.Of(parsed.GetValue(settings), parsed.GetValue(file)!, TimeProvider.System.GetUtcNow());
            if (parsed.GetValue(json))
                terminal.Output.WriteLine(new JsonObject { ["loads"] = read is not null, ["ends"] = new JsonArray([.. ends.Select(one => JsonValue.Create(one))]), ["findings"] = new JsonArray([.. findings.Select(one => new JsonObject { ["severity"] = one.Severity.ToString().ToLowerInvariant(), ["code"] = one.Code, ["line"] = one.Line, ["message"] = one.Message })]), ["observed"] = new JsonArray([.. observed.Select(one => new JsonObject { ["what"] = one.What, ["until"] = one.Until.ToString("O"), ["days"] = one.Days, ["note"] = one.Note })]) }.ToJsonString());
            else
            {
                foreach (var part in observed) terminal.Output.WriteLine(Terminal.Printable(part.ToString()));
                foreach (var end in ends) terminal.Output.WriteLine($"warning facade.end: {Terminal.Printable(end)}");
                foreach (var finding in findings) terminal.Output.WriteLine($"{parsed.GetValue(file)}:{finding.Line}: {finding.Severity.ToString().ToLowerInvariant()} {finding.Code}: {Terminal.Printable(finding.Message)}");
                terminal.Output.WriteLine(read is null ? "It does not load." : $"It loads: {read.Services.Length} services, {read.Routes.Count(route => !route.IsPublic)} rules, {read.Routes.Count(route => route.IsPublic)} public routes, {findings.Count} findings.");
            }

            return read is null ? CommandLine.Refused : CommandLine.Done;
        });
        return command;
    }

    public static Verb Explain(Terminal terminal)
    {
        var method = new Argument<string>("METHOD") { Description = "HTTP method." };
        var path = new Argument<string>("PATH") { Description = "Path as it would be sent." };
        var file = new Option<string>("--file") { Description = "The access file.", DefaultValueFactory = _ => Usual, HelpName = "FILE" };
        var token = new Option<string?>("--token") { Description = "A token whose claims are taken as they stand (its signature is not checked), or - to read it from the input.", HelpName = "T" };
        var roles = new Option<string[]>("--role") { Description = "Instead of a token: someone with this role (may be repeated).", HelpName = "ROLE", AllowMultipleArgumentsPerToken = true };
        var by = new Option<string?>("--by") { Description = "The credential that comes: token, session, basic (name and password), dialog or legacy; default: one that the service accepts.", HelpName = "KIND" };
        var settings = new Option<string?>("--settings") { Description = "Settings file, for the facades in it; gatehouse.json beside the access file when that is there.", HelpName = "FILE" };
        by.AcceptOnlyFromAmong("token", "session", "basic", "dialog", "legacy");
        var json = new Option<bool>("--json") { Description = "Answer in JSON." };
        var command = new Verb("explain", "Says which route and rule decide a request, and why; or who answers instead of the gate: Gatehouse itself, or a facade that the settings switch on. Exit code 1 when it would be refused.",
            "gatehouse explain GET /cim-customer/customers --file access.yaml", "gatehouse explain POST /agent-manager/agent/login --file access.yaml --settings gatehouse.json", "gatehouse explain POST /ccm/x --file access.yaml --role agent", "gatehouse explain POST /ccm/x --file access.yaml --role agent --by basic", "echo \"$TOKEN\" | gatehouse explain GET /ccm/x --file access.yaml --token -") { method, path, file, token, roles, by, settings, json };
        command.SetAction(async (parsed, stop) =>
        {
            var rules = Rules.Dry(Open(parsed.GetValue(file)!));
            var principal = parsed.GetValue(token) is { } given ? OfToken(given == "-" ? await terminal.Input.ReadLineAsync(stop) ?? "" : given)
                : parsed.GetValue(roles) is { Length: > 0 } held ? new Principal { Realm = rules.File.Realm, Subject = "someone", Kind = PrincipalKind.User, Roles = held.ToFrozenSet() } : null;
            var why = Answerers.Of(parsed.GetValue(settings), parsed.GetValue(file)!).Find(parsed.GetValue(path)!)
                ?? Explanation.Of(rules.Routes, parsed.GetValue(method)!.ToUpperInvariant(), parsed.GetValue(path)!, principal, Explanation.KindOf(parsed.GetValue(by)));
            if (parsed.GetValue(json))
                terminal.Output.WriteLine(new JsonObject { ["status"] = why.Status, ["code"] = why.Code, ["service"] = why.Route?.Service.Name, ["route"] = why.Route?.Describe(), ["line"] = why.Route?.Line, ["why"] = why.Why }.ToJsonString());
            else
            {
                terminal.Output.WriteLine($"{(why.Status == 0 ? $"answered by {why.Code}, not by the gate" : why.Status == 200 ? "passes" : $"refused with {why.Status} {why.Code}")}");
                if (why.Route is { } route) terminal.Output.WriteLine($"service  {route.Service.Name}\nroute    {route.Describe()} (line {route.Line})");
                terminal.Output.WriteLine($"why      {Terminal.Printable(why.Why)}");
            }

            return why.Status is 0 or 200 ? CommandLine.Done : CommandLine.Refused;
        });
        return command;
    }

    public static Verb Test(Terminal terminal)
    {
        var settings = new Option<string?>("--settings") { Description = "Settings file, for the facades in it; gatehouse.json beside the access file when that is there.", HelpName = "FILE" };
        var file = new Argument<string>("FILE") { Description = "The test file (YAML): principals, and who gets which status." };
        var json = new Option<bool>("--json") { Description = "Answer in JSON." };
        var command = new Verb("test", "Runs the table tests of an access file: who gets what. 'identity' and 'facade.NAME' are what addresses are expected to be that the gate does not answer. Exit code 1 when one is not met.", "gatehouse test examples/expertflow/tests.yaml", "gatehouse test tests.yaml --settings gatehouse.json") { file, settings, json };
        command.SetAction(parsed =>
        {
            var path = parsed.GetValue(file)!;
            var (tests, findings) = AccessTests.Read(Load(path));
            if (tests is null) throw new StartRefused(string.Join('\n', findings));
            var access = System.IO.Path.Combine(System.IO.Path.GetDirectoryName(path) ?? "", tests.Access);
            var (routes, elsewhere) = (new RouteTable(Open(access).Routes), Answerers.Of(parsed.GetValue(settings), access));
            var results = tests.Rows.Select(row => (row, actual: elsewhere.Find(row.Path) ?? Explanation.Of(routes, row.Method, row.Path, row.Principal, row.By))).ToList();
            var unmet = results.Where(one => !one.row.IsMet(one.actual)).ToList();
            if (parsed.GetValue(json))
                terminal.Output.WriteLine(new JsonObject { ["passed"] = results.Count - unmet.Count, ["failed"] = new JsonArray([.. unmet.Select(one => new JsonObject { ["line"] = one.row.Line, ["request"] = $"{one.row.Method} {one.row.Path}", ["principal"] = one.row.Who, ["expected"] = one.row.Expected, ["status"] = one.actual.Status, ["code"] = one.actual.Code, ["why"] = one.actual.Why })]) }.ToJsonString());
            else
            {
                foreach (var (row, actual) in unmet) terminal.Output.WriteLine($"{path}:{row.Line}: {row.Method} {row.Path} as {row.Who}: expected {row.Expected}, got {actual.Status} {actual.Code}. {actual.Why}");
                terminal.Output.WriteLine($"{results.Count - unmet.Count} passed, {unmet.Count} failed");
            }

            return unmet.Count == 0 ? CommandLine.Done : CommandLine.Refused;
        });
        return command;
    }

    private static string Load(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception wrong) when (wrong is IOException or UnauthorizedAccessException)
        {
            throw new StartRefused($"'{path}' cannot be read: {wrong.Message}");
        }
    }

    private static AccessFile Open(string path)
    {
        var (file, findings) = AccessReader.Read(Load(path));
        return file ?? throw new StartRefused($"'{path}' does not load:\n{string.Join('\n', findings.Where(finding => finding.Severity == Severity.Error))}");
    }

    private static Principal OfToken(string text)
    {
        if (!Jws.TryParse(text.Trim(), Limits.Default, out var jws, out var error) || !JwtClaims.TryParse(jws.Payload, Limits.Default, out var claims, out error)) throw new StartRefused($"This is not a readable JWT ({error}).");
        return new Principal
        {
            Realm = "", Subject = claims.Subject ?? "?", Kind = claims.Member("sid") is null && claims.Member("auth_time") is null ? PrincipalKind.Service : PrincipalKind.User, Name = claims.Text("preferred_username"), Client = claims.Text("azp"),
            Roles = Verify.RolesOf(claims), Groups = claims.Texts("groups").ToFrozenSet(), Scopes = (claims.Text("scope") ?? "").Split(' ', StringSplitOptions.RemoveEmptyEntries).ToFrozenSet(),
        };
    }
}
