using System.Collections.Frozen;
using System.Runtime.CompilerServices;
using Gatehouse.Gateway;
using Gatehouse.Gateway.Access;
using Gatehouse.Terms;
using Xunit;

namespace Gatehouse.Tests.Golden;

/// <summary>
/// Golden files: an access file above a line, what the linter says of it below, and below a second line a table of asks and decisions. The right-hand side of the tables is what is held;
/// with GOLDEN_WRITE=1 it is written anew, to be judged in the diff.
/// </summary>
public sealed class GoldenTests
{
    private const string Line = "================";

    public static TheoryData<string> Files => [.. Directory.EnumerateFiles(Folder(), "*.golden").Select(file => Path.GetFileName(file)!).Order()];

    [Theory]
    [MemberData(nameof(Files))]
    public void The_file_decides_as_written(string name)
    {
        var path = Path.Combine(Folder(), name);
        var text = File.ReadAllText(path);
        var parts = text.Split(Line + "\n");
        var actual = parts[0] + Line + "\n" + Findings(parts[0], out var file);
        if (file is not null) actual += Line + "\n" + string.Concat(parts[2].Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(row => Row(file, row)));
        if (Environment.GetEnvironmentVariable("GOLDEN_WRITE") == "1") File.WriteAllText(path, actual);
        else Assert.Equal(text, actual);
    }

    private static string Findings(string access, out AccessFile? file)
    {
        (file, var findings) = AccessReader.Read(access, _ => null);
        return string.Concat(findings.Select(finding => finding + "\n"));
    }

    // "GET /path | agent+admin, scope:x | …": everything after the second bar is the decision.
    private static string Row(AccessFile file, string row)
    {
        if (row.StartsWith('#')) return row + "\n";
        var cells = row.Split('|', StringSplitOptions.TrimEntries);
        var (method, path) = (cells[0].Split(' ', 2)[0], cells[0].Split(' ', 2)[1].Trim());
        var why = Explanation.Of(new RouteTable(file.Routes), method, path, PrincipalOf(cells[1]));
        var by = why.Route is not { } route ? "" : route.Rule is { } rule ? $", {rule.Name}" : $", public by line {route.Line}";
        return $"{$"{method} {path}",-56} | {cells[1],-24} | {why.Status} {why.Code}{by}\n";
    }

    internal static Principal? PrincipalOf(string text)
    {
        if (text == "nobody") return null;
        var words = text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        FrozenSet<string> All(string mark) => words.Where(word => word.StartsWith(mark, StringComparison.Ordinal)).Select(word => word[mark.Length..]).ToFrozenSet();
        return new Principal
        {
            Realm = "r", Subject = "s", Kind = words.Contains("service") ? PrincipalKind.Service : PrincipalKind.User, Client = All("client:").FirstOrDefault(), Groups = All("group:"), Permissions = All("may:"), Scopes = All("scope:"), Roles = All("role:"),
        };
    }

    internal static string PathOf(string name) => Path.Combine(Folder(), name);

    private static string Folder([CallerFilePath] string here = "") => Path.GetDirectoryName(here)!;
}
