using System.Text.Json;
using Gatehouse.SignIn;
using Gatehouse.Wire.Text;

namespace Gatehouse.Facades.Expertflow;

/// <summary>A JSON object that a client posted: bounded, read strictly, members that nobody asks for ignored. Faults say what is missing, never what was sent.</summary>
internal sealed class Posted
{
    private const int Longest = 16 * 1024;

    private readonly Dictionary<string, JsonElement> members;

    private Posted(Dictionary<string, JsonElement> members) => this.members = members;

    /// <summary>Reads the body; the fault when it is no JSON object.</summary>
    public static async Task<(Posted? Posted, Fault? Fault)> ReadAsync(HttpContext context)
    {
        if (context.Request.ContentType is not { } type || !type.Split(';')[0].Trim().Equals("application/json", StringComparison.OrdinalIgnoreCase)) return (null, Fault.Bad("The body must be JSON, sent as Content-Type: application/json."));
        if (await PatientBody.ReadAsync(context, Longest) is not { } body) return (null, Fault.Bad("The body is too large, or takes too long."));
        if (!StrictJson.TryParse(body, Limits.Default, JsonValueKind.Object, out var document, out _)) return (null, Fault.Bad("The body is no JSON object, or names a member twice."));
        using (document) return (new Posted(document.RootElement.EnumerateObject().ToDictionary(one => one.Name, one => one.Value.Clone(), StringComparer.Ordinal)), null);
    }

    /// <summary>Whether a member is there and not null.</summary>
    public bool Has(string name) => members.TryGetValue(name, out var member) && member.ValueKind != JsonValueKind.Null;

    /// <summary>A text that must be there, of 1 to <paramref name="most"/> characters.</summary>
    public string? Text(string name, int most, out Fault? fault)
    {
        if (!Has(name))
        {
            fault = Fault.Bad($"The member '{name}' is missing.");
            return null;
        }

        if (members[name] is not { ValueKind: JsonValueKind.String } member || member.GetString() is not { } text || text.Contains('\0', StringComparison.Ordinal)) fault = Fault.Bad($"The member '{name}' must be a text.");
        else if (text.Length == 0) fault = Fault.Bad($"The member '{name}' is empty.");
        else if (text.Length > most) fault = Fault.Bad($"The member '{name}' is too long.");
        else
        {
            fault = null;
            return text;
        }

        return null;
    }

    /// <summary>A text or a number, as digits may be sent as either; null when it is absent, empty or something else. A code that was sent as a number has lost its leading zeros: it gets them back.</summary>
    public string? Digits(string name) => members.TryGetValue(name, out var member) ? member.ValueKind switch
    {
        JsonValueKind.String => member.GetString() is { Length: > 0 and <= 64 } text ? text : null,
        JsonValueKind.Number => member.GetRawText() is { Length: <= 20 } text ? text.PadLeft(6, '0') : null,
        _ => null,
    } : null;

    /// <summary>A text that may be absent, null or empty, which all are null here.</summary>
    public string? Optional(string name) => members.TryGetValue(name, out var member) && member.ValueKind == JsonValueKind.String && member.GetString() is { Length: > 0 } text ? text : null;

    /// <summary>A truth that may be absent, which is no; as JSON's own or as a text.</summary>
    public bool Flag(string name) => members.TryGetValue(name, out var member) && (member.ValueKind == JsonValueKind.True || (member.ValueKind == JsonValueKind.String && string.Equals(member.GetString(), "true", StringComparison.OrdinalIgnoreCase)));
}
