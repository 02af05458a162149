using System.Text.Json;
using Gatehouse.SignIn;
using Gatehouse.Wire.Text;

namespace Gatehouse.Facades.Xivo;

/// <summary>A JSON object that a client posted: bounded, read strictly, members that nobody asks for ignored.</summary>
internal static class Posted
{
    private const int Longest = 16 * 1024;

    /// <summary>Reads the named members, which must be texts. The fault says what is missing, never what was sent.</summary>
    public static async Task<(string[]? Values, Fault? Fault)> ReadAsync(HttpContext context, params string[] names)
    {
        if (context.Request.ContentType is not { } type || !type.Split(';')[0].Trim().Equals("application/json", StringComparison.OrdinalIgnoreCase)) return (null, Bad("The body must be JSON, sent as Content-Type: application/json."));
        if (await PatientBody.ReadAsync(context, Longest) is not { } body) return (null, Bad("The body is too large, or takes too long."));
        if (!StrictJson.TryParse(body, Limits.Default, JsonValueKind.Object, out var document, out _)) return (null, Bad("The body is no JSON object."));
        using (document)
        {
            var values = new string[names.Length];
            for (var i = 0; i < names.Length; i++)
            {
                if (!document.RootElement.TryGetProperty(names[i], out var member) || member.ValueKind == JsonValueKind.Null) return (null, Bad($"The member '{names[i]}' is missing."));
                if (member.ValueKind != JsonValueKind.String || member.GetString() is not { } text || text.Contains('\0')) return (null, Bad($"The member '{names[i]}' must be a text."));
                if (text.Length == 0) return (null, Bad($"The member '{names[i]}' is empty."));
                values[i] = text;
            }

            return (values, null);
        }
    }

    private static Fault Bad(string message) => new(400, Vendor.InvalidJson, message);
}
