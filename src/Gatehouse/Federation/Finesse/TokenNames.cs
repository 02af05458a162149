using System.Text;
using System.Text.Json;
using Gatehouse.Wire.Text;

namespace Gatehouse.Federation.Finesse;

/// <summary>Whom a token of the identity service names, read without judging it: its claim <c>sub</c> is a JSON text with <c>user_id</c> and <c>upn</c>.</summary>
internal static class TokenNames
{
    /// <summary>The names; null when the token cannot be read (the identity service encrypts by default) or names nobody.</summary>
    public static IReadOnlyCollection<string>? Of(string token)
    {
        if (token.Split('.') is not [_, var payload, _] || !StrictBase64Url.TryDecode(payload, out var bytes) || !StrictJson.TryParse(bytes, Limits.Default, JsonValueKind.Object, out var claims, out _)) return null;
        using (claims)
        {
            var names = new List<string>();
            Read(claims.RootElement, names);
            if (Text(claims.RootElement, "sub") is { } sub && StrictJson.TryParse(Encoding.UTF8.GetBytes(sub), Limits.Default, JsonValueKind.Object, out var inner, out _))
                using (inner) Read(inner.RootElement, names);
            return names.Count == 0 ? null : names;
        }
    }

    private static void Read(JsonElement claims, List<string> names)
    {
        foreach (var name in (string[])["user_id", "upn", "user_principal"])
            if (Text(claims, name) is { Length: > 0 } text)
            {
                names.Add(text);
                if (text.IndexOf('@', StringComparison.Ordinal) is > 0 and var at) names.Add(text[..at]);
            }
    }

    private static string? Text(JsonElement claims, string name) => claims.TryGetProperty(name, out var member) && member.ValueKind == JsonValueKind.String ? member.GetString() : null;
}
