using System.Collections.Immutable;
using Gatehouse.Wire.Text;

namespace Gatehouse.Gateway.Access.Apisix;

/// <summary>
/// Requests that stand for all: APISIX's choice depends only on which of its patterns a path begins with, is, or ends with, and the gate's only on segments. So every beginning, continued in every way that makes a difference, is enough to hold one against the other.
/// </summary>
internal static class Samples
{
    /// <summary>Stands for every method that nobody names: rules without methods are for those.</summary>
    public const string AnyOther = "ANYOTHER";

    private static readonly string[] Usual = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

    /// <summary>Methods that public lines and rules are written for: the usual ones, and those that a route names.</summary>
    public static IReadOnlyList<string> MethodsOf(IEnumerable<ApisixRoute> routes)
    {
        string[] methods = [.. Usual, .. routes.SelectMany(one => one.Methods).Distinct(StringComparer.Ordinal).Except([.. Usual, AnyOther]).Order(StringComparer.Ordinal)];
        return methods.Length <= 40 ? methods : throw new AccessFault("The routes name more methods than there are.");
    }

    /// <summary>What Expertflow's document "API Authentication using Application Gateway" calls public, by method and path: told by name where it was open and is not.</summary>
    public static readonly ImmutableArray<string> Documented =
    [
        "POST /agent-manager/agent/login", "GET /agent-manager/socket.io/", "POST /agent-manager/agent/refresh-token", "POST /agent-manager/agent/send-sms-otp", "POST /agent-manager/agent/register-phone", "POST /agent-manager/agent/validate-otp",
        "POST /unified-admin/forms/getAllFormTitles", "POST /unified-admin/keycloakLogin",
    ];

    private const int Most = 100_000;
    private const int Longest = 1024;

    // Neither is part of any path that somebody would list.
    private static readonly string[] Continuations = ["", "/", "zq9", "/zq9", "/zq9/zq9", "zq9/zq9", "/zq9/"];

    /// <summary>Decoded paths with what the gate makes of them; those that it refuses for their spelling are left out.</summary>
    public static IReadOnlyList<(string Decoded, CanonicalPath Path)> Of(IReadOnlyList<ApisixRoute> routes)
    {
        var patterns = routes.SelectMany(one => one.Patterns).ToList();
        var forms = routes.Select(one => one.Only).OfType<SpelledPath>().DistinctBy(one => one.Template.Key).ToList();
        if (patterns.Find(one => one.Text.Length > Longest) is { } endless) throw new AccessFault($"A uri has {endless.Text.Length} characters; more than {Longest} are not read.");
        var begins = new HashSet<string>(StringComparer.Ordinal) { "/" };
        foreach (var pattern in patterns)
        {
            begins.Add(pattern.Begin);
            // What stands before a slash is a path of its own, and a segment of it that is another.
            begins.Add(pattern.Begin.TrimEnd('/'));
        }

        string[] ends = [.. patterns.SelectMany(one => one.Ends).Where(end => end.Length > 0).Distinct(StringComparer.Ordinal)];
        if (ends.Length > 100) throw new AccessFault("The file has too many uris with a star in the middle to be held against the result.");
        var decoded = new HashSet<string>(StringComparer.Ordinal);
        foreach (var begin in begins.Where(one => one.StartsWith('/')))
        {
            foreach (var more in Continuations) decoded.Add(begin + more);
            foreach (var end in ends)
                foreach (var middle in (string[])["", "zq9", "/zq9", "zq9/zq9", "/zq9/zq9"])
                {
                    decoded.Add(begin + middle + end);
                    decoded.Add(begin + middle + end + "/zq9");
                }

            foreach (var form in forms)
                foreach (var one in form.Complete(begin))
                    decoded.UnionWith([one, one + "!", one + "/", one + "/zq9"]);
            if (decoded.Count > Most) throw new AccessFault("The file has too many uris that hang together to be held against the result.");
        }

        decoded.UnionWith(Documented.Select(one => one[one.IndexOf('/', StringComparison.Ordinal)..]).Where(path => patterns.Exists(one => one.Begin.Length > 1 && one.Matches(path))));
        var found = new List<(string, CanonicalPath)>();
        foreach (var one in decoded)
            if (Pattern.PathOf(one) is { } path) found.Add((one, path));
        return found;
    }
}
