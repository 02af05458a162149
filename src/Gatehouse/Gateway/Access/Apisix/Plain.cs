using System.Text.Json;
using YamlDotNet.RepresentationModel;

namespace Gatehouse.Gateway.Access.Apisix;

/// <summary>A value of somebody else's file, in YAML or JSON, with the line on which it stands (0 where that is not known). Read within limits: an alias that multiplies, or a file without end, ends the reading.</summary>
internal sealed class Plain
{
    private const int MostValues = 200_000;
    private const int Deepest = 32;

    private Plain(int line) => Line = line;

    public int Line { get; }

    /// <summary>Text of a scalar; null for anything else.</summary>
    public string? Text { get; private init; }

    /// <summary>Elements of a list; null for anything else.</summary>
    public IReadOnlyList<Plain>? Items { get; private init; }

    /// <summary>Members of a mapping, in their order; null for anything else.</summary>
    public IReadOnlyList<KeyValuePair<string, Plain>>? Members { get; private init; }

    public Plain? this[string name] => Members?.FirstOrDefault(one => one.Key == name).Value;

    /// <summary>A text, or a list of texts; empty for anything else.</summary>
    public IReadOnlyList<string> Texts => Text is not null ? [Text] : Items is not null ? [.. Items.Select(one => one.Text).OfType<string>()] : [];

    /// <summary>Every text in it, with the name under which it stands.</summary>
    public IEnumerable<(string Name, Plain Value)> Everything(string name = "")
    {
        yield return (name, this);
        foreach (var (key, value) in Members ?? [])
            foreach (var one in value.Everything(key)) yield return one;
        foreach (var value in Items ?? [])
            foreach (var one in value.Everything(name)) yield return one;
    }

    /// <summary>Reads it. Throws <see cref="AccessFault"/> with what is wrong.</summary>
    public static Plain Read(string text)
    {
        var left = MostValues;
        if (text.AsSpan().TrimStart(" \t\r\n\uFEFF") is ['{', ..] && text.Length <= 4 * 1024 * 1024)
        {
            try
            {
                using var json = JsonDocument.Parse(text.TrimStart('\uFEFF'), new JsonDocumentOptions { MaxDepth = Deepest, CommentHandling = JsonCommentHandling.Skip });
                return Of(json.RootElement, ref left);
            }
            catch (JsonException)
            {
                // A mapping in YAML's flow style begins that way too.
            }
        }

        var findings = new List<Finding>();
        var root = YamlText.Load(text, findings) ?? throw new AccessFault($"line {findings[0].Line}: {findings[0].Message}");
        return Of(root, 0, ref left);
    }

    private static Plain Of(YamlNode node, int depth, ref int left)
    {
        if (--left < 0 || depth > Deepest) throw new AccessFault("The file grows beyond all measure when its aliases are followed.");
        var line = YamlMap.LineOf(node);
        switch (node)
        {
            case YamlScalarNode { Style: YamlDotNet.Core.ScalarStyle.Plain, Value: null or "" or "~" or "null" }: return new Plain(line);
            case YamlScalarNode scalar: return new Plain(line) { Text = scalar.Value ?? "" };
            case YamlSequenceNode list:
                var items = new List<Plain>(list.Children.Count);
                foreach (var child in list.Children) items.Add(Of(child, depth + 1, ref left));
                return new Plain(line) { Items = items };
            case YamlMappingNode map:
                var members = new List<KeyValuePair<string, Plain>>();
                var merged = new List<Plain>();
                foreach (var (key, value) in map.Children)
                {
                    var name = (key as YamlScalarNode)?.Value ?? "";
                    var read = Of(value, depth + 1, ref left);
                    if (name == "<<") merged.AddRange(read.Items ?? [read]);
                    else members.Add(new(name, read));
                }

                // YAML's merge: what the mapping says itself counts, then the first that says it.
                foreach (var one in merged)
                    foreach (var member in one.Members ?? [])
                        if (!members.Any(own => own.Key == member.Key)) members.Add(member);
                return new Plain(line) { Members = members };
            default: return new Plain(line);
        }
    }

    private static Plain Of(JsonElement element, ref int left)
    {
        if (--left < 0) throw new AccessFault("The file holds too many values.");
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                var members = new List<KeyValuePair<string, Plain>>();
                foreach (var member in element.EnumerateObject())
                {
                    if (members.Any(one => one.Key == member.Name)) throw new AccessFault("A key stands twice in one mapping.");
                    members.Add(new(member.Name, Of(member.Value, ref left)));
                }

                return new Plain(0) { Members = members };
            case JsonValueKind.Array:
                var items = new List<Plain>();
                foreach (var item in element.EnumerateArray()) items.Add(Of(item, ref left));
                return new Plain(0) { Items = items };
            case JsonValueKind.String: return new Plain(0) { Text = element.GetString() };
            case JsonValueKind.Null or JsonValueKind.Undefined: return new Plain(0);
            default: return new Plain(0) { Text = element.GetRawText() };
        }
    }
}
