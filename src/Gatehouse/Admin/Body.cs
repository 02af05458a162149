using System.Collections.Immutable;
using System.Text.Json;
using Gatehouse.SignIn;
using Gatehouse.Terms;
using Gatehouse.Wire.Text;

namespace Gatehouse.Admin;

/// <summary>
/// A JSON object as a client sent it, read strictly: wrong types are refused by name, absent and null members say "leave as it is" (as Keycloak's partial updates do), and members that nobody asked for are told back.
/// </summary>
internal sealed class Body(JsonElement json)
{
    private const int MostItems = 1000;

    private readonly HashSet<string> read = new(StringComparer.Ordinal);

    public static async Task<Body> ReadAsync(HttpRequest request)
    {
        return new Body(await ParseAsync(request, JsonValueKind.Object));
    }

    public static async Task<IReadOnlyList<Body>> ReadListAsync(HttpRequest request)
    {
        var list = await ParseAsync(request, JsonValueKind.Array);
        if (list.GetArrayLength() > MostItems) throw new Refused(Reasons.RequestLarge, $"The list has more than {MostItems} items.");
        return [.. list.EnumerateArray().Select((item, i) => item.ValueKind == JsonValueKind.Object ? new Body(item) : throw Refused.Invalid($"Item {i} must be an object."))];
    }

    /// <summary>All of it, for readers of their own; every member counts as read.</summary>
    public JsonElement Whole()
    {
        foreach (var member in json.EnumerateObject()) read.Add(member.Name);
        return json;
    }

    /// <summary>A member as it is, for a reader of its own; null when absent.</summary>
    public JsonElement? Raw(string name) => Find(name);

    public bool Has(string name) => Find(name) is not null;

    public string? Text(string name) => Find(name) is { } value ? TextOf(value, name) : null;

    public bool? Flag(string name) => Find(name) switch
    {
        null => null,
        { ValueKind: JsonValueKind.True } => true,
        { ValueKind: JsonValueKind.False } => false,
        _ => throw Refused.Invalid($"'{name}' must be true or false."),
    };

    public long? Number(string name, long least, long most)
    {
        if (Find(name) is not { } value) return null;
        if (value.ValueKind != JsonValueKind.Number || !value.TryGetInt64(out var number) || number < least || number > most) throw Refused.Invalid($"'{name}' must be a whole number from {least} to {most}.");
        return number;
    }

    public ImmutableArray<string>? Texts(string name)
    {
        if (Find(name) is not { } value) return null;
        if (value.ValueKind != JsonValueKind.Array || value.GetArrayLength() > MostItems) throw Refused.Invalid($"'{name}' must be a list of at most {MostItems} texts.");
        return [.. value.EnumerateArray().Select(item => TextOf(item, name)).Distinct()];
    }

    public IReadOnlyList<Body>? List(string name)
    {
        if (Find(name) is not { } value) return null;
        if (value.ValueKind != JsonValueKind.Array || value.GetArrayLength() > MostItems) throw Refused.Invalid($"'{name}' must be a list of at most {MostItems} objects.");
        return [.. value.EnumerateArray().Select(item => item.ValueKind == JsonValueKind.Object ? new Body(item) : throw Refused.Invalid($"'{name}' must be a list of objects."))];
    }

    public Body? Object(string name)
    {
        if (Find(name) is not { } value) return null;
        return value.ValueKind == JsonValueKind.Object ? new Body(value) : throw Refused.Invalid($"'{name}' must be an object.");
    }

    /// <summary>A map of lists of texts; scalars, numbers and truth values are taken as lists of one, as vendors' adapters send them.</summary>
    public ImmutableDictionary<string, ImmutableArray<string>>? Attributes(string name)
    {
        if (Find(name) is not { } value) return null;
        if (value.ValueKind != JsonValueKind.Object) throw Refused.Invalid($"'{name}' must be an object.");
        var all = ImmutableDictionary.CreateBuilder<string, ImmutableArray<string>>();
        foreach (var member in value.EnumerateObject())
        {
            if (member.Value.ValueKind == JsonValueKind.Null) continue;
            if (member.Name.Length == 0 || member.Name.Any(char.IsControl)) throw Refused.Invalid($"'{name}' has a member without a proper name.");
            all[member.Name] = member.Value.ValueKind == JsonValueKind.Array
                ? [.. member.Value.EnumerateArray().Select(item => ScalarOf(item, $"{name}.{member.Name}"))]
                : [ScalarOf(member.Value, $"{name}.{member.Name}")];
        }

        return all.ToImmutable();
    }

    /// <summary>All members by name.</summary>
    public IEnumerable<string> Names => json.EnumerateObject().Select(member => member.Name);

    /// <summary>Tells members that were not read; <paramref name="known"/> are read-only ones that a client sends back as it got them.</summary>
    public void Rest(Action<string> ignore, params string[] known)
    {
        foreach (var member in json.EnumerateObject())
            if (member.Value.ValueKind != JsonValueKind.Null && !read.Contains(member.Name) && !known.Contains(member.Name)) ignore(member.Name);
    }

    /// <summary>Refuses a switch that is on and not honoured.</summary>
    public void RefuseOn(string name, string why)
    {
        if (Flag(name) == true) throw Refused.Unsupported($"'{name}' cannot be true: {why}");
    }

    private static async Task<JsonElement> ParseAsync(HttpRequest request, JsonValueKind kind)
    {
        if (!request.HasJsonContentType()) throw new Refused(Reasons.RequestMedia);
        var bytes = await ReadBytesAsync(request);
        if (!StrictJson.TryParse(bytes, Limits.Default, kind, out var document, out var fault))
            throw Refused.Invalid(fault == JsonFault.DuplicateMember ? "The JSON has a member twice." : kind == JsonValueKind.Array ? "The body must be a JSON list." : "The body must be a JSON object.");
        using (document) return document.RootElement.Clone();
    }

    private static async Task<byte[]> ReadBytesAsync(HttpRequest request)
    {
        var most = Limits.Default.JsonBytes;
        return await PatientBody.ReadAsync(request.HttpContext, most) ?? throw new Refused(Reasons.RequestLarge, $"The body has more than {most} bytes, or takes too long.");
    }

    private JsonElement? Find(string name)
    {
        read.Add(name);
        return json.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;
    }

    private static string ScalarOf(JsonElement value, string name) => value.ValueKind switch
    {
        JsonValueKind.True => "true",
        JsonValueKind.False => "false",
        JsonValueKind.Number => value.GetRawText(),
        _ => TextOf(value, name),
    };

    private static string TextOf(JsonElement value, string name)
    {
        if (value.ValueKind != JsonValueKind.String) throw Refused.Invalid($"'{name}' must be a text.");
        string text;
        try
        {
            text = value.GetString()!;
        }
        catch (InvalidOperationException)
        {
            throw Refused.Invalid($"'{name}' is not Unicode text."); // a lone surrogate
        }

        // PostgreSQL has no NUL in texts, and what is cut off at one is a way around checks.
        return text.Contains('\0', StringComparison.Ordinal) ? throw Refused.Invalid($"'{name}' has a NUL character.") : text;
    }
}
