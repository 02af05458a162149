using System.Diagnostics.CodeAnalysis;
using System.Net;
using Gatehouse.Outbound;
using Gatehouse.Wire.Text;

namespace Gatehouse.Facades.Gadgets;

/// <summary>One entry of a gadget's allow list: an origin and the path at and below which requests may go, such as <c>https://crm.example.org/api</c>.</summary>
internal sealed class GadgetTarget
{
    private readonly string path;

    private GadgetTarget(string origin, string path) => (Origin, this.path) = (origin, path);

    /// <summary>Scheme, host and port, as browsers write an origin.</summary>
    public string Origin { get; }

    /// <summary>Reads an entry of the settings.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out GadgetTarget? target, [NotNullWhen(false)] out string? fault)
    {
        target = null;
        if (!TryUrl(text, out var url, out fault)) return false;
        if (url.Query.Length > 0 || url.Fragment.Length > 0) fault = "has a query or a fragment";
        else if (IPAddress.TryParse(url.DnsSafeHost, out var address) && Addresses.IsNever(address)) fault = "is link-local or multicast, where clouds keep their metadata";
        if (fault is not null) return false;
        target = new GadgetTarget(OriginOf(url), url.AbsolutePath.TrimEnd('/'));
        return true;
    }

    /// <summary>An absolute http or https address that can be read in one way only: no user, no odd path, no control characters.</summary>
    public static bool TryUrl(string text, [NotNullWhen(true)] out Uri? url, [NotNullWhen(false)] out string? fault)
    {
        (url, fault) = (null, null);
        if (text.Length > 4096 || text.Any(c => c is <= ' ' or '\x7f' or '\\')) fault = "has spaces, control characters or backslashes, or is too long";
        else if (!Uri.TryCreate(text, UriKind.Absolute, out var made) || made.Scheme is not ("http" or "https") || made.Host.Length == 0) fault = "is no http or https address";
        else if (made.UserInfo.Length > 0 || text[..(text.IndexOf("//", StringComparison.Ordinal) is var at and >= 0 && text.IndexOf('/', at + 2) is var end and >= 0 ? end : text.Length)].Contains('@', StringComparison.Ordinal)) fault = "has a user name in it";
        else if (!CanonicalPath.TryParse(RawPath(text), out _)) fault = "has a path that can be read in two ways";
        else url = made;
        return url is not null;
    }

    /// <summary>Whether an address lies at or below this entry.</summary>
    public bool Covers(Uri url)
        => OriginOf(url) == Origin && url.AbsolutePath.StartsWith(path, StringComparison.Ordinal) && (path.Length == 0 || url.AbsolutePath.Length == path.Length || url.AbsolutePath[path.Length] == '/');

    /// <summary>An address's origin (RFC 6454, 6.2): the port only where it is not the scheme's own, the host as it stands in headers and on the wire.</summary>
    public static string OriginOf(Uri url) => $"{url.Scheme}://{(url.HostNameType == UriHostNameType.Dns ? url.IdnHost : url.Host)}{(url.IsDefaultPort ? "" : $":{url.Port}")}";

    // As it was written: the parser has mended it already.
    private static string RawPath(string text)
    {
        var begin = text.IndexOf("//", StringComparison.Ordinal) + 2;
        var end = text.AsSpan(begin).IndexOfAny('?', '#') is var cut and >= 0 ? begin + cut : text.Length;
        var slash = text.IndexOf('/', begin);
        return slash < 0 || slash >= end ? "/" : text[slash..end];
    }
}
