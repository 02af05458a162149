using System.Text.Json;

namespace Gatehouse.Bot;

/// <summary>Members of a JSON object: null is as missing, of two of one name the last counts, and a text with half a surrogate pair is none.</summary>
internal sealed class Members
{
    private readonly Dictionary<string, JsonElement> members = new(StringComparer.Ordinal);

    public Members(JsonElement json)
    {
        foreach (var member in json.EnumerateObject())
            if (Name(member) is { } name) members[name] = member.Value;
    }

    /// <summary>The member, unless it is missing or null.</summary>
    public JsonElement? this[string name] => members.TryGetValue(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;

    public static string? String(JsonElement value)
    {
        try
        {
            return value.GetString();
        }
        catch (InvalidOperationException)
        {
            return null; // "\ud800" alone is JSON by the grammar and no text
        }
    }

    public string Required(string name)
    {
        if (this[name] is not { } value) throw new EventException(name, $"{name} is required");
        var text = value.ValueKind == JsonValueKind.String ? String(value) : null;
        return text is null ? throw new EventException(name, $"{name} is not a text") : text.Length > 0 ? text : throw new EventException(name, $"{name} is required");
    }

    public string? Text(string name, int most)
    {
        if (this[name] is not { } value) return null;
        return value.ValueKind == JsonValueKind.String && String(value) is { } text && text.Length <= most ? text : throw new EventException(name, $"{name} is not a text of at most {most} characters");
    }

    public double? Number(string name)
    {
        if (this[name] is not { } value) return null;
        return value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var number) && double.IsFinite(number) && number >= 0 ? number : throw new EventException(name, $"{name} is not a number from 0");
    }

    public IReadOnlyDictionary<string, IReadOnlyList<string>> Lists(string name)
    {
        var lists = new Dictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal);
        if (this[name] is not { } value) return lists;
        var fault = new EventException(name, $"{name} is not a map of lists of texts");
        if (value.ValueKind != JsonValueKind.Object) throw fault;
        foreach (var member in value.EnumerateObject())
        {
            if (Name(member) is not { } key || member.Value.ValueKind != JsonValueKind.Array) throw fault;
            lists[key] = [.. member.Value.EnumerateArray().Select(one => one.ValueKind == JsonValueKind.String && String(one) is { } text ? text : throw fault)];
        }

        return lists;
    }

    private static string? Name(JsonProperty member)
    {
        try
        {
            return member.Name;
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }
}
