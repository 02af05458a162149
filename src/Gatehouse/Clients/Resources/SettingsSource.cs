using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using Gatehouse.Wire.Text;

namespace Gatehouse.Clients.Resources;

/// <summary>An object of Keycloak's authorization settings, read strictly. What a policy has stands beside its name (admin API) or in <c>config</c>, as JSON in strings (exports). Throws <see cref="ArgumentException"/> in words for people.</summary>
internal sealed class SettingsSource
{
    private readonly JsonElement json;
    private readonly JsonElement? config;

    public SettingsSource(JsonElement json)
    {
        if (json.ValueKind != JsonValueKind.Object) throw new ArgumentException("A resource, scope or policy must be an object.");
        this.json = json;
        if (Member(json, "config") is not { } found) return;
        config = found.ValueKind == JsonValueKind.Object ? found : throw new ArgumentException("'config' must be an object.");
    }

    /// <summary>Whether a member is there, here or in the configuration.</summary>
    public bool Has(string name) => Member(json, name) is not null || (config is { } below && Member(below, name) is not null);

    /// <summary>A text, number or truth value as text; null when absent or empty.</summary>
    public string? Text(string name)
    {
        var value = Member(json, name) ?? (config is { } below ? Member(below, name) : null);
        return value is null ? null : TextOf(value.Value, name) is { Length: > 0 } text ? text : null;
    }

    /// <summary>A truth value; null when absent.</summary>
    public bool? Flag(string name) => Text(name) switch
    {
        null => null,
        "true" => true,
        "false" => false,
        _ => throw new ArgumentException($"'{name}' must be true or false."),
    };

    /// <summary>A whole number; null when absent.</summary>
    public int? Number(string name) => Text(name) is not { } text ? null : int.TryParse(text, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var number) ? number : throw new ArgumentException($"'{name}' must be a whole number.");

    /// <summary>A list; null when absent.</summary>
    public IReadOnlyList<JsonElement>? List(string name)
    {
        // One name alone stands for a list of one: vendors' adapters send it so.
        if (Member(json, name) is { } own) return own.ValueKind == JsonValueKind.String ? [own] : Items(own, name);
        if (config is not { } below || Member(below, name) is not { } written) return null;
        if (written.ValueKind == JsonValueKind.Array) return Items(written, name);
        var text = TextOf(written, name);
        if (text.Length == 0) return null;
        // The document goes on living in its clone.
        if (!StrictJson.TryParse(Encoding.UTF8.GetBytes(text), Limits.Default, JsonValueKind.Array, out var document, out _)) throw new ArgumentException($"'{name}' in 'config' must be a JSON list, written as a text.");
        using (document) return Items(document.RootElement.Clone(), name);
    }

    /// <summary>A list of texts; null when absent.</summary>
    public ImmutableArray<string>? Texts(string name) => List(name) is { } list ? [.. list.Select(item => TextOf(item, name)).Distinct()] : null;

    /// <summary>A list whose entries are texts, or objects that have their text in one of these members.</summary>
    public ImmutableArray<string>? NamesOf(string name, params string[] members)
        => List(name) is { } list ? [.. list.Select(item => NameOf(item, name, members)).Distinct()] : null;

    /// <summary>A map of lists of texts; null when absent.</summary>
    public ImmutableDictionary<string, ImmutableArray<string>>? Map(string name)
    {
        if (Member(json, name) is not { } found) return null;
        if (found.ValueKind != JsonValueKind.Object) throw new ArgumentException($"'{name}' must be an object.");
        return found.EnumerateObject().ToImmutableDictionary(one => one.Name, one => one.Value.ValueKind == JsonValueKind.Array ? [.. Items(one.Value, name).Select(item => TextOf(item, name))] : (ImmutableArray<string>)[TextOf(one.Value, name)], StringComparer.Ordinal);
    }

    /// <summary>The owner, an object with id or name, or a text; null when absent.</summary>
    public string? Owner() => Member(json, "owner") is { } owner ? NameOf(owner, "owner", "id", "name") : null;

    /// <summary>The text of an entry: itself, or the first of these members that it has.</summary>
    public static string NameOf(JsonElement item, string list, params string[] members)
    {
        if (item.ValueKind == JsonValueKind.String) return TextOf(item, list);
        if (item.ValueKind == JsonValueKind.Object)
            foreach (var member in members)
                if (Member(item, member) is { } value && TextOf(value, list) is { Length: > 0 } text) return text;
        throw new ArgumentException($"An entry of '{list}' has none of: {string.Join(", ", members)}.");
    }

    private static JsonElement? Member(JsonElement json, string name) => json.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;

    private static IReadOnlyList<JsonElement> Items(JsonElement list, string name)
    {
        if (list.ValueKind != JsonValueKind.Array) throw new ArgumentException($"'{name}' must be a list.");
        if (list.GetArrayLength() > ResourceServer.MostPolicies) throw new ArgumentException($"'{name}' has more than {ResourceServer.MostPolicies} entries.");
        return [.. list.EnumerateArray()];
    }

    private static string TextOf(JsonElement value, string name)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.True: return "true";
            case JsonValueKind.False: return "false";
            case JsonValueKind.Number: return value.GetRawText();
            case JsonValueKind.String: break;
            default: throw new ArgumentException($"'{name}' must be a text.");
        }

        try
        {
            var text = value.GetString()!;
            return text.Contains('\0', StringComparison.Ordinal) ? throw new ArgumentException($"'{name}' has a NUL character.") : text;
        }
        catch (InvalidOperationException wrong)
        {
            throw new ArgumentException($"'{name}' is not Unicode text.", wrong); // a lone surrogate
        }
    }
}
