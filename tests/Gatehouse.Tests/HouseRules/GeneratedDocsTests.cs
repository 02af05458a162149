using System.Reflection;
using System.Text;
using Gatehouse.Terms;
using Xunit;

namespace Gatehouse.Tests.HouseRules;

/// <summary>Documents that are made from the code are fresh. <c>./dev docs</c> makes them anew.</summary>
public sealed class GeneratedDocsTests
{
    [Fact]
    public void Errors_lists_every_reason_code()
    {
        var text = new StringBuilder("# Reason codes\n\nMade from `Terms/Reasons.cs` by `./dev docs`. A code never changes its meaning.\n\n| code | status | what | how to mend it |\n|---|---|---|---|\n");
        foreach (var reason in typeof(Reasons).GetFields(BindingFlags.Public | BindingFlags.Static).Select(field => (Reason)field.GetValue(null)!).OrderBy(reason => reason.Code, StringComparer.Ordinal))
            text.Append($"| `{reason.Code}` | {reason.Status} | {reason.Title} | {reason.Hint} |\n");
        Check("docs/errors.md", text.ToString());
    }

    [Fact]
    public void Rooms_shows_every_arrow()
    {
        var text = new StringBuilder("# Rooms\n\nMade from the built assembly by `./dev docs`: which room names which.\n\n| room | floor | names |\n|---|---|---|\n");
        var arrows = MetadataPass.Read(typeof(Reasons).Assembly.Location, "Gatehouse");
        foreach (var (room, floor) in Plan.Floors.OrderByDescending(one => one.Value).ThenBy(one => one.Key, StringComparer.Ordinal))
            if (Directory.Exists(Path.Combine(Source.Root(), "src/Gatehouse", room)))
                text.Append($"| {room} | {floor} | {string.Join(", ", arrows.Where(arrow => arrow.From == room && Plan.Floors.ContainsKey(arrow.To)).Select(arrow => arrow.To).Distinct().Order(StringComparer.Ordinal))} |\n");
        Check("docs/rooms.md", text.ToString());
    }

    private static void Check(string file, string fresh)
    {
        var path = Path.Combine(Source.Root(), file);
        if (Environment.GetEnvironmentVariable("GATEHOUSE_WRITE_DOCS") == "1") File.WriteAllText(path, fresh);
        Assert.True(File.Exists(path) && File.ReadAllText(path) == fresh, $"{file} is stale: run ./dev docs");
    }
}
