namespace Gatehouse.Gateway.Access;

/// <summary>Reads where a rule finds the dialog's id: <c>dialog: { path: NAME, query: NAME, body: NAME, after: WHAT }</c>.</summary>
internal static class DialogReader
{
    public static DialogPlace? Read(YamlMap map, PathTemplate template, Service service)
    {
        var (hole, query, body, after) = (map.Text("path"), map.Text("query"), map.Text("body"), map.Text("after"));
        map.Done();
        var segment = hole is null ? null : template.HoleOf(hole);
        if (hole is not null && segment is null) map.Error("rule.dialog", map.Line, $"The path '{template}' has no segment '{{{hole}}}', or has it twice.");
        else if (hole is null && query is null && body is null) map.Error("rule.dialog", map.Line, "'dialog' says where the dialog's id stands: path (a {name} of the path), query (a parameter) or body (a member of the JSON body).");
        else if (new[] { query, body, after }.Any(one => one is "")) map.Error("rule.dialog", map.Line, "A name in 'dialog' is empty.");
        else if (!service.Accepts.Dialog) map.Error("rule.dialog", map.Line, $"Service '{service.Name}' does not accept tokens of dialogs; write 'accept: [dialog]', or leave 'dialog' out.");
        else return new DialogPlace(segment, query, body, after);
        return null;
    }
}
