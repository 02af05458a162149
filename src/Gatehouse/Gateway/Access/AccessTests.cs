using System.Collections.Frozen;
using Gatehouse.Credentials;
using Gatehouse.Terms;
using YamlDotNet.RepresentationModel;

namespace Gatehouse.Gateway.Access;

/// <summary>Table tests of an access file: who gets what. Written beside the file, run by <c>gatehouse test</c>.</summary>
/// <param name="Access">The access file, relative to the tests.</param>
/// <param name="Rows">The rows.</param>
public sealed record AccessTests(string Access, IReadOnlyList<AccessTests.Row> Rows)
{
    /// <summary>One expectation.</summary>
    /// <param name="Line">Line in the test file.</param>
    /// <param name="Method">Method.</param>
    /// <param name="Path">Raw path.</param>
    /// <param name="Who">Name of the principal.</param>
    /// <param name="Principal">The principal; null for nobody.</param>
    /// <param name="By">Credential that it comes by; null for one that counts.</param>
    /// <param name="Expected">A status or a reason code.</param>
    public sealed record Row(int Line, string Method, string Path, string Who, Principal? Principal, CredentialKind? By, string Expected)
    {
        /// <summary>Whether an explanation is what was expected.</summary>
        public bool IsMet(Explanation actual) => Expected == actual.Status.ToString() || Expected == actual.Code;
    }

    /// <summary>Reads a test file; null when there is an error among the findings.</summary>
    public static (AccessTests? Tests, IReadOnlyList<Finding> Findings) Read(string text)
    {
        var findings = new List<Finding>();
        if (YamlText.Load(text, findings) is not { } document) return (null, findings);
        var root = new YamlMap(document, "the file", findings);
        var access = root.Text("access") ?? "access.yaml";
        var people = ReadPeople(root, findings);
        var rows = new List<Row>();
        foreach (var (request, node) in root.Map("tests")?.All ?? [])
        {
            var parts = request.Split(' ', 2, StringSplitOptions.RemoveEmptyEntries);
            if (parts.Length != 2) root.Error("tests.request", YamlMap.LineOf(node), $"'{request}' is not of the form 'METHOD /path'.");
            else rows.AddRange(ReadRows(parts[0], parts[1], new YamlMap(node, $"'{request}'", findings), people));
        }

        if (rows.Count == 0) root.Error("tests.empty", 1, "There is no test: write 'tests:' with rows such as 'GET /path: { nobody: 401 }'.");
        root.Done();
        return (findings.Count == 0 ? new AccessTests(access, rows) : null, findings);
    }

    private static Dictionary<string, (Principal? Principal, CredentialKind? By)> ReadPeople(YamlMap root, List<Finding> findings)
    {
        var people = new Dictionary<string, (Principal? Principal, CredentialKind? By)>(StringComparer.Ordinal) { ["nobody"] = (null, null) };
        foreach (var (name, node) in root.Map("principals")?.All ?? [])
        {
            var map = new YamlMap(node, $"principal '{name}'", findings);
            if (ServiceReader.KindOf(map.Text("kind") ?? "user") is not { } kind)
            {
                map.Error("tests.kind", map.Line, "'kind' is user, service, bot, visitor or legacy.");
                continue;
            }

            var by = map.Text("by");
            if (by is not null && Explanation.KindOf(by) is null)
            {
                map.Error("tests.by", map.Line, "'by' is token, session, basic, dialog or legacy.");
                continue;
            }

            // Whoever sends a shared secret is no client, and is named in rules as 'legacy:NAME' all the same.
            var (client, legacy) = (map.Text("client"), kind == PrincipalKind.Legacy);
            people[name] = (new Principal
            {
                Realm = "test", Subject = legacy && client is not null ? client : name, Name = name, Kind = kind, Client = legacy ? null : client, Roles = map.Texts("roles").ToFrozenSet(), Groups = map.Texts("groups").ToFrozenSet(),
                Permissions = map.Texts("permissions").ToFrozenSet(), Scopes = map.Texts("scopes").ToFrozenSet(),
            }, Explanation.KindOf(by));
            map.Done();
        }

        return people;
    }

    private static IEnumerable<Row> ReadRows(string method, string path, YamlMap row, Dictionary<string, (Principal? Principal, CredentialKind? By)> people)
    {
        foreach (var (who, node) in row.All)
        {
            if (!people.TryGetValue(who, out var person)) row.Error("tests.principal", YamlMap.LineOf(node), $"'{who}' is not among the principals: {string.Join(", ", people.Keys)}.");
            else if (node is YamlScalarNode { Value: { Length: > 0 } expected }) yield return new Row(YamlMap.LineOf(node), method, path, who, person.Principal, person.By, expected);
            else row.Error("tests.expected", YamlMap.LineOf(node), $"'{who}' needs a status such as 200, 401, 403, or a reason code.");
        }
    }
}
