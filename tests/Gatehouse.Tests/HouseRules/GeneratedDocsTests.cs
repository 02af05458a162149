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

    [Fact]
    public void Settings_lists_every_key()
    {
        var comments = System.Xml.Linq.XDocument.Load(Path.ChangeExtension(typeof(Reasons).Assembly.Location, ".xml")).Descendants("member").ToDictionary(one => one.Attribute("name")!.Value, one => one.Element("summary"));
        var text = new StringBuilder("""
            # Settings

            Made from the rooms' settings classes by `./dev docs`. In `gatehouse.json` in the data folder a key `section:name` is `{ "section": { "name": … } }`; in the environment it is `GATEHOUSE__SECTION__NAME`, and a list is numbered: `GATEHOUSE__SECTION__NAME__0`.
            Weakest first: defaults, file, environment, command line. Times are written `days.hours:minutes:seconds`. A value that cannot be keeps the program from starting, and it says why. Log levels stand below `logging:LogLevel`, as everywhere in .NET.

            | key | type | default | what |
            |---|---|---|---|

            """);
        foreach (var type in typeof(Reasons).Assembly.GetTypes().Where(type => type is { IsClass: true, IsAbstract: false, IsPublic: true } && type.Name.EndsWith("Settings", StringComparison.Ordinal)).OrderBy(type => type.FullName, StringComparer.Ordinal))
        {
            Describe(type, $"{string.Join(':', type.Namespace!.Split('.')[1..]).ToLowerInvariant()}:");
        }

        Check("docs/settings.md", text.ToString());

        void Describe(Type type, string prefix)
        {
            var normal = Activator.CreateInstance(type);
            foreach (var property in type.GetProperties())
            {
                var key = $"{prefix}{char.ToLowerInvariant(property.Name[0])}{property.Name[1..]}";
                // The one default that is the machine's.
                var value = key == "signin:passwordThreads" ? "processors less one" : Shown(property.GetValue(normal));
                text.Append($"| `{key}` | {TypeWord(property.PropertyType)} | {value} | {Plain(comments[$"P:{type.FullName}.{property.Name}"]!)} |\n");
                // A list of things that have members of their own: those of its first.
                if (property.PropertyType is { IsGenericType: true } list && list.GetGenericArguments() is [{ IsClass: true } item] && item != typeof(string)) Describe(item, key + ":0:");
            }
        }
    }

    private static string TypeWord(Type type)
        => type == typeof(string) ? "text" : type == typeof(int) ? "number" : type == typeof(bool) ? "true or false" : type == typeof(TimeSpan) ? "time" : type == typeof(IList<string>) ? "list of texts" : type is { IsGenericType: true } && type.GetGenericTypeDefinition() == typeof(IList<>) ? "list" : throw new InvalidOperationException($"{type} has no word yet.");

    private static string Shown(object? value) => value switch
    {
        null or "" or System.Collections.ICollection { Count: 0 } => "",
        IList<string> many => string.Join(", ", many.Select(one => $"`{one}`")),
        _ => FormattableString.Invariant($"`{value}`"),
    };

    private static string Plain(System.Xml.Linq.XElement summary) => string.Concat(summary.Nodes().Select(node => node switch
    {
        System.Xml.Linq.XElement { Name.LocalName: "c" } code => $"`{code.Value}`",
        System.Xml.Linq.XElement see when see.Attribute("cref") is { } cref => $"`{char.ToLowerInvariant(cref.Value[(cref.Value.LastIndexOf('.') + 1)..][0])}{cref.Value[(cref.Value.LastIndexOf('.') + 2)..]}`",
        _ => node.ToString(),
    })).Trim().Replace("|", "\\|", StringComparison.Ordinal);

    private static void Check(string file, string fresh)
    {
        var path = Path.Combine(Source.Root(), file);
        if (Environment.GetEnvironmentVariable("GATEHOUSE_WRITE_DOCS") == "1") File.WriteAllText(path, fresh);
        Assert.True(File.Exists(path) && File.ReadAllText(path) == fresh, $"{file} is stale: run ./dev docs");
    }
}
