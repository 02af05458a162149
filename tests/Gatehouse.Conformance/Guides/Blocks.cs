namespace Gatehouse.Conformance.Guides;

/// <summary>The indented blocks of a document, each as its lines.</summary>
internal static class Blocks
{
    public static IEnumerable<IReadOnlyList<string>> Of(string file)
    {
        List<string> block = [];
        foreach (var line in File.ReadLines(file).Append(""))
        {
            if (line.StartsWith("    ", StringComparison.Ordinal)) block.Add(line[4..]);
            else if (block.Count > 0)
            {
                yield return block;
                block = [];
            }
        }
    }

    /// <summary>The JSON objects among them, in their order.</summary>
    public static IReadOnlyList<string> Json(string file) => [.. Of(file).Where(block => block[0].StartsWith('{')).Select(block => string.Join('\n', block))];
}
