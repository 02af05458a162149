using System.Collections.Frozen;
using Microsoft.Extensions.Primitives;

namespace Gatehouse.Forwarding;

/// <summary>Copies the response's head to the client, without what belongs to the hop to the upstream.</summary>
internal static class ResponseHeaders
{
    // Alt-Svc would send the client's browser past the gate.
    private static readonly FrozenSet<string> Dropped = new[]
    {
        "Connection", "Keep-Alive", "Proxy-Connection", "Proxy-Authenticate", "Transfer-Encoding", "Upgrade", "TE", "Content-Length", "Alt-Svc", "HTTP2-Settings",
    }.ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    /// <summary>Copies status, headers and length.</summary>
    public static void Copy(UpstreamConnection connection, HttpResponse response, bool bodiless)
    {
        var head = connection.Head;
        response.StatusCode = head.Status;
        var headers = response.Headers;
        var named = head.NamesOthers ? Named(connection) : null;
        var seen = 0UL;
        for (var i = 0; i < head.Count; i++)
        {
            var (name, value) = connection.HeaderText(i);
            if (Dropped.Contains(name) || (named is not null && named.Contains(name))) continue;
            // One bit per length and first letter tells apart nearly all names: only the rest need a look at what is there.
            var bit = 1UL << ((name.Length + ((name[0] | 0x20) * 7)) & 63);
            if ((seen & bit) != 0 && Repeated(connection, i, name)) headers[name] = StringValues.Concat(headers[name], value);
            else headers[name] = value;
            seen |= bit;
        }

        if (head.ContentLength >= 0 && head.Status is not (204 or 205) && (!bodiless || head.ContentLength > 0)) response.ContentLength = head.ContentLength;
    }

    private static bool Repeated(UpstreamConnection connection, int index, string name)
    {
        for (var i = 0; i < index; i++)
        {
            if (connection.HeaderText(i).Name.Equals(name, StringComparison.OrdinalIgnoreCase)) return true;
        }

        return false;
    }

    private static HashSet<string> Named(UpstreamConnection connection)
    {
        var named = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        for (var i = 0; i < connection.Head.Count; i++)
        {
            var (name, value) = connection.HeaderText(i);
            if (name.Equals("Connection", StringComparison.OrdinalIgnoreCase))
                named.UnionWith(value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries));
        }

        return named;
    }
}
