using System.Text.RegularExpressions;

namespace Gatehouse.Bot;

/// <summary>What may stand in an address or a header: checked once, here, the same in TypeScript (<c>text.ts</c>).</summary>
internal static partial class Texts
{
    /// <summary>An id that stands as one segment of a path, and is no step up or on the spot.</summary>
    public static bool IsPathName(string? text, int most = 64) => text is not null and not "." and not ".." && text.Length <= most && PathName().IsMatch(text);

    /// <summary>A bearer token: 1 to 4096 visible ASCII characters, so that no line break reaches a header.</summary>
    public static bool IsToken(string? text) => text is { Length: >= 1 and <= 4096 } && text.AsSpan().IndexOfAnyExceptInRange('\x21', '\x7e') < 0;

    /// <summary>
    /// The address that a bot sends its token to: http or https, no user, query, fragment, escape or step up; null for anything else. Two URL parsers that see two hosts in one text are an attack,
    /// so the text itself is judged.
    /// </summary>
    public static CallbackAddress? ReadCallback(string? text)
    {
        if (text is null || text.Length > 2048 || Callback().Match(text) is not { Success: true } found) return null;
        var secure = found.Groups["s"].Length > 0;
        var port = found.Groups["port"].Success ? int.Parse(found.Groups["port"].Value) : secure ? 443 : 80;
        var path = found.Groups["path"].Value;
        if (port is < 1 or > 65535 || path.Split('/').Any(step => step is "." or "..")) return null;
        var host = found.Groups["host"].Value.ToLowerInvariant();
        var origin = $"{(secure ? "https" : "http")}://{host}{(port == (secure ? 443 : 80) ? "" : $":{port}")}";
        return new CallbackAddress(origin, origin + path.TrimEnd('/'), secure, Loopback().IsMatch(host));
    }

    [GeneratedRegex(@"\A[A-Za-z0-9._:-]{1,64}\z", RegexOptions.NonBacktracking)]
    private static partial Regex PathName();

    // Without IgnoreCase, which takes the Kelvin sign for a k.
    [GeneratedRegex(@"\A[Hh][Tt][Tt][Pp](?<s>[Ss]?)://(?<host>[A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::(?<port>[0-9]{1,5}))?(?<path>(?:/[A-Za-z0-9._~!$&'()*+,;=:@-]*)*)\z", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex Callback();

    [GeneratedRegex(@"\A(?:localhost|127(?:\.(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])){3}|\[::1\])\z", RegexOptions.NonBacktracking)]
    private static partial Regex Loopback();
}

/// <summary>A callback as <see cref="Texts.ReadCallback"/> accepts it.</summary>
/// <param name="Origin">Scheme, host and port that is not the scheme's own, in lower case.</param>
/// <param name="Address">The whole address without slashes at its end.</param>
/// <param name="Secure">Whether it is https.</param>
/// <param name="Loopback">Whether it is this machine.</param>
internal sealed record CallbackAddress(string Origin, string Address, bool Secure, bool Loopback);
