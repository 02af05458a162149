using System.Text.RegularExpressions;

namespace Gatehouse.Gateway.Access;

/// <summary>
/// The list of public routes in the notation of the platforms' own documents, so that it can be pasted as it is: <c>METHOD /path/{{name}}</c>. <c>{{}}</c> is any one segment; a trailing slash means that address and all below it;
/// <c>(all routes)</c> likewise; other remarks in brackets are passed over.
/// </summary>
internal static partial class PublicLines
{
    /// <summary>One line: methods and template, or what is wrong.</summary>
    public static (string Method, PathTemplate Template)? Read(string line, out string why)
    {
        why = "";
        var all = AllRoutes().IsMatch(line);
        var plain = Remark().Replace(line, "").Trim();
        var parts = plain.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        if (parts.Length != 2 || parts[0].Any(c => !char.IsAsciiLetterUpper(c)))
        {
            why = "is not of the form 'METHOD /path'";
            return null;
        }

        var path = parts[1];
        if (path.EndsWith('/') && path.Length > 1) (path, all) = (path[..^1], true);
        if (all && !path.EndsWith("/**", StringComparison.Ordinal)) path += "/**";
        return PathTemplate.TryParse(path, out var template, out why) ? (parts[0], template) : null;
    }

    [GeneratedRegex(@"\(\s*all\s+routes\s*\)", RegexOptions.IgnoreCase | RegexOptions.NonBacktracking)]
    private static partial Regex AllRoutes();

    [GeneratedRegex(@"\([^()]*\)", RegexOptions.NonBacktracking)]
    private static partial Regex Remark();
}
