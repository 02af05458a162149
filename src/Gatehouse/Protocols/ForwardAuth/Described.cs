using Gatehouse.Terms;

namespace Gatehouse.Protocols.ForwardAuth;

/// <summary>A request as a proxy describes it: what is to be judged, or why that cannot be.</summary>
/// <param name="Method">The client's method.</param>
/// <param name="Target">The client's path and query, as it was sent.</param>
/// <param name="Refused">Why nothing can be judged; null when it can.</param>
/// <param name="Missing">What is amiss, in plain words.</param>
internal sealed record Described(string Method, string Target, Reason? Refused = null, string? Missing = null)
{
    private const int LongestMethod = 32;
    private const int LongestTarget = 32 * 1024;

    /// <summary>What is described, if method and target are such as a server would have taken off the wire.</summary>
    public static Described Of(string method, string target)
        => method.Length is 0 or > LongestMethod || method.Any(c => !char.IsAsciiLetterUpper(c) && c != '-') ? Incomplete("a method as it stands in a request line")
            : target.Length is 0 or > LongestTarget || target[0] != '/' || target.AsSpan().IndexOfAnyExceptInRange('!', '~') >= 0 ? new Described("", "", Reasons.PathAmbiguous)
            : new Described(method, target);

    /// <summary>What the proxy should have said is not there, or is there twice.</summary>
    public static Described Incomplete(string missing) => new("", "", Reasons.ForwardIncomplete, missing);

    /// <summary>The one value of a header that the proxy sets; null when it is missing or stands there twice, of which one may be the client's.</summary>
    public static string? One(IHeaderDictionary headers, string name) => headers[name] is [{ Length: > 0 } value] ? value : null;
}
