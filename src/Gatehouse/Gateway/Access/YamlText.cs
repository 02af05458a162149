using YamlDotNet.Core;
using YamlDotNet.Core.Events;
using YamlDotNet.RepresentationModel;

namespace Gatehouse.Gateway.Access;

/// <summary>Turns text into one YAML document. Read as events first: a file that nests without end, or contains itself, must not take the running program's stack with it.</summary>
internal static class YamlText
{
    private const int MostCharacters = 4 * 1024 * 1024;
    private const int Deepest = 32;

    /// <summary>The document's root; null, and a finding, when it cannot be had.</summary>
    public static YamlNode? Load(string text, List<Finding> findings)
    {
        if (text.Length > MostCharacters) return Refuse(findings, "access.too-large", 1, "The file is larger than 4 MiB.");
        try
        {
            if (Walk(text) is { } wrong) return Refuse(findings, "access.yaml", wrong.Line, wrong.Message);
            var yaml = new YamlStream();
            yaml.Load(new StringReader(text));
            if (yaml.Documents.Count == 1) return yaml.Documents[0].RootNode;
            return Refuse(findings, "access.yaml", 1, yaml.Documents.Count == 0 ? "The file is empty." : "The file has more than one document.");
        }
        catch (YamlException wrong)
        {
            return Refuse(findings, "access.yaml", (int)wrong.Start.Line, $"This is not YAML: {wrong.InnerException?.Message ?? wrong.Message}");
        }
        catch (ArgumentException)
        {
            // Two equal keys, where YamlDotNet gives no place.
            return Refuse(findings, "access.duplicate-key", 1, "A key stands twice in one mapping.");
        }
    }

    private static (int Line, string Message)? Walk(string text)
    {
        var parser = new Parser(new StringReader(text));
        var open = new Stack<AnchorName>();
        while (parser.MoveNext())
        {
            switch (parser.Current)
            {
                case MappingStart or SequenceStart:
                    open.Push(((NodeEvent)parser.Current).Anchor);
                    if (open.Count > Deepest) return ((int)parser.Current.Start.Line, $"It nests deeper than {Deepest} levels.");
                    break;
                case MappingEnd or SequenceEnd: open.Pop(); break;
                case AnchorAlias alias when open.Contains(alias.Value): return ((int)alias.Start.Line, $"The anchor '{alias.Value}' contains itself.");
                default: break;
            }
        }

        return null;
    }

    private static YamlNode? Refuse(List<Finding> findings, string code, int line, string message)
    {
        findings.Add(new Finding(Severity.Error, code, line, message));
        return null;
    }
}
