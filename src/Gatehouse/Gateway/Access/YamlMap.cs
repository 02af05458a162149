using System.Globalization;
using YamlDotNet.RepresentationModel;

namespace Gatehouse.Gateway.Access;

/// <summary>A YAML mapping that knows which keys were asked for, so that a misspelt one is an error with its line instead of a rule that silently does nothing.</summary>
internal sealed class YamlMap
{
    private readonly Dictionary<string, YamlNode> members = [];
    private readonly HashSet<string> asked = [];
    private readonly List<Finding> findings;
    private readonly string where;

    public YamlMap(YamlNode node, string where, List<Finding> findings)
    {
        (this.where, this.findings, Line) = (where, findings, LineOf(node));
        if (node is not YamlMappingNode map)
        {
            Error("access.form", Line, $"{where} must be a mapping (name: value).");
            return;
        }

        foreach (var (key, value) in map.Children)
        {
            var name = (key as YamlScalarNode)?.Value ?? "";
            if (!members.TryAdd(name, value)) Error("access.duplicate-key", LineOf(key), $"'{name}' stands twice in {where}.");
        }
    }

    public int Line { get; }

    public IEnumerable<KeyValuePair<string, YamlNode>> All
    {
        get
        {
            foreach (var name in members.Keys) asked.Add(name);
            return members;
        }
    }

    public static int LineOf(YamlNode node) => (int)node.Start.Line;

    public YamlNode? Node(string name)
    {
        asked.Add(name);
        return members.GetValueOrDefault(name);
    }

    public string? Text(string name)
    {
        if (Node(name) is not { } node) return null;
        if (node is YamlScalarNode scalar) return scalar.Value ?? "";
        Error("access.form", LineOf(node), $"'{name}' in {where} must be a text.");
        return null;
    }

    public List<string> Texts(string name)
    {
        switch (Node(name))
        {
            case null: return [];
            case YamlScalarNode { Value: { } one }: return [one];
            case YamlSequenceNode list when list.Children.All(child => child is YamlScalarNode): return [.. list.Children.Select(child => ((YamlScalarNode)child).Value ?? "")];
            case var other:
                Error("access.form", LineOf(other), $"'{name}' in {where} must be a text or a list of texts.");
                return [];
        }
    }

    public bool Flag(string name, bool otherwise)
    {
        if (Text(name) is not { } text) return otherwise;
        if (bool.TryParse(text, out var flag)) return flag;
        Error("access.form", LineOf(Node(name)!), $"'{name}' in {where} must be true or false.");
        return otherwise;
    }

    /// <summary>A time such as <c>500ms</c>, <c>5s</c>, <c>2m</c>, <c>1h</c>.</summary>
    public TimeSpan Time(string name, TimeSpan otherwise)
    {
        if (Text(name) is not { } text) return otherwise;
        foreach (var (unit, one) in (ReadOnlySpan<(string, TimeSpan)>)[("ms", TimeSpan.FromMilliseconds(1)), ("s", TimeSpan.FromSeconds(1)), ("m", TimeSpan.FromMinutes(1)), ("h", TimeSpan.FromHours(1))])
            if (text.EndsWith(unit, StringComparison.Ordinal) && double.TryParse(text[..^unit.Length], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number) && number is > 0 and < 1e6) return one * number;
        Error("access.time", LineOf(Node(name)!), $"'{text}' is no time; write it as 500ms, 5s, 2m or 1h.");
        return otherwise;
    }

    public long? Number(string name)
    {
        if (Text(name) is not { } text) return null;
        if (long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)) return number;
        Error("access.form", LineOf(Node(name)!), $"'{name}' in {where} must be a whole number.");
        return null;
    }

    public YamlMap? Map(string name) => Node(name) is { } node ? new YamlMap(node, $"'{name}' of {where}", findings) : null;

    /// <summary>Names every key that nobody asked for, with the nearest one that exists.</summary>
    public void Done()
    {
        foreach (var (name, node) in members)
        {
            if (asked.Contains(name)) continue;
            var near = asked.OrderBy(known => Distance(known, name)).FirstOrDefault();
            Error("access.unknown-key", LineOf(node), $"'{name}' is not known in {where}{(near is not null && Distance(near, name) <= 3 ? $"; did you mean '{near}'?" : $"; known: {string.Join(", ", asked.Order())}.")}");
        }
    }

    public void Error(string code, int line, string message) => findings.Add(new Finding(Severity.Error, code, line, message));

    private static int Distance(string a, string b)
    {
        var row = Enumerable.Range(0, b.Length + 1).ToArray();
        for (var i = 1; i <= a.Length; i++)
        {
            var (corner, _) = (row[0], row[0] = i);
            for (var j = 1; j <= b.Length; j++)
            {
                var above = row[j];
                row[j] = Math.Min(Math.Min(row[j] + 1, row[j - 1] + 1), corner + (a[i - 1] == b[j - 1] ? 0 : 1));
                corner = above;
            }
        }

        return row[b.Length];
    }
}
