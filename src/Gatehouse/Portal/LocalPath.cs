using Gatehouse.Wire.Text;

namespace Gatehouse.Portal;

/// <summary>Addresses that a page may send the browser to: paths of this origin, and nothing that a browser could read as another.</summary>
public static class LocalPath
{
    private const int Longest = 8192;

    /// <summary>Whether a text is a path (with query) of this origin: one leading slash, no backslash, no control characters, no ambiguous spelling.</summary>
    public static bool IsSafe(string? path)
    {
        if (path is null || path.Length is 0 or > Longest || path[0] != '/') return false;
        foreach (var c in path)
            if (c is <= ' ' or > '~' or '\\' or '#') return false;
        var query = path.IndexOf('?', StringComparison.Ordinal);
        return CanonicalPath.TryParse(query < 0 ? path : path.AsSpan(0, query), out _);
    }
}
