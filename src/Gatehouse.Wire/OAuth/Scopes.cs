using System.Collections.Immutable;

namespace Gatehouse.Wire.OAuth;

/// <summary>Scope texts (RFC 6749, 3.3).</summary>
public static class Scopes
{
    private const int Most = 50;

    /// <summary>Splits a scope parameter; false when a token has a character outside the RFC's set or there are too many.</summary>
    public static bool TryParse(string? text, out ImmutableArray<string> scopes)
    {
        scopes = [];
        if (text is null) return true;
        var parts = text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (parts.Length > Most) return false;
        foreach (var part in parts)
            if (part.Length > 100 || part.Any(c => c is < '!' or > '~' or '"' or '\\')) return false;
        scopes = [.. parts.Distinct()];
        return true;
    }
}
