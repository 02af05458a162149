using System.Collections.Immutable;
using System.Net;
using Gatehouse.Terms;
using Gatehouse.Wire.Text;
using Microsoft.AspNetCore.Http.Features;

namespace Gatehouse.Gateway;

/// <summary>Makes an <see cref="Ask"/> of a request: one canonical path from the raw target, and the client's address, scheme and host, through listed proxies only.</summary>
public static class Asking
{
    /// <summary>The ask; null when the path or host is spelled ambiguously.</summary>
    public static Ask? Of(HttpContext context, ImmutableArray<IPNetwork> proxies, DateTimeOffset now)
        => Of(context, context.Request.Method, context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget, proxies, now);

    /// <summary>The ask of a request that a listed proxy describes: its method and raw target, with the headers that the proxy shows.</summary>
    public static Ask? Of(HttpContext context, string method, string raw, ImmutableArray<IPNetwork> proxies, DateTimeOffset now)
    {
        var question = raw.IndexOf('?', StringComparison.Ordinal);
        if (!(question < 0 ? CanonicalPath.TryParse(raw, out var path) : CanonicalPath.TryParse(raw.AsSpan(0, question), out path))) return null;
        var request = context.Request;
        var address = PeerOf(context);
        var (scheme, host) = (request.Scheme, request.Host.Value ?? "");
        if (!proxies.IsEmpty && address is not null && IsListed(proxies, address))
        {
            (address, scheme, host) = Through(request.Headers, proxies, address, scheme, host);
            if (!IsHost(host)) return null;
        }

        return new Ask(method, path, question < 0 ? "" : raw[question..], scheme, host, address, request.Headers, now);
    }

    /// <summary>Whether the other end of the connection is one of these.</summary>
    public static bool IsFrom(HttpContext context, ImmutableArray<IPNetwork> proxies) => PeerOf(context) is { } peer && IsListed(proxies, peer);

    /// <summary>Gives a connection the client's own address where it comes through a listed proxy: identity's pages and endpoints count and note that one.</summary>
    public static void Settle(HttpContext context, ImmutableArray<IPNetwork> proxies)
    {
        var peer = PeerOf(context);
        if (peer is null || !IsListed(proxies, peer))
        {
            // What a proxy alone may say of the client's certificate (RFC 9440, 4).
            context.Request.Headers.Remove("Client-Cert");
            context.Request.Headers.Remove("Client-Cert-Chain");
            return;
        }

        context.Connection.RemoteIpAddress = Through(context.Request.Headers, proxies, peer, "", "").Address;
    }

    // The rightmost entry that is no listed proxy is the client; everything left of it was sent by the client and proves nothing.
    private static (IPAddress Address, string Scheme, string Host) Through(IHeaderDictionary headers, ImmutableArray<IPNetwork> proxies, IPAddress peer, string scheme, string host)
    {
        var address = peer;
        var hops = string.Join(',', headers["X-Forwarded-For"].ToArray()).Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        for (var i = hops.Length - 1; i >= 0; i--)
        {
            if (!IPAddress.TryParse(hops[i], out var hop)) break;
            address = hop.IsIPv4MappedToIPv6 ? hop.MapToIPv4() : hop;
            if (!IsListed(proxies, address)) break;
        }

        if (headers["X-Forwarded-Proto"] is [{ } proto] && proto is "http" or "https" && headers["X-Forwarded-Proto"] is [{ } same]) scheme = same;
        if (headers["X-Forwarded-Host"] is [{ Length: > 0 } forwarded]) host = forwarded;
        return (address, scheme, host);
    }

    private static IPAddress? PeerOf(HttpContext context) => context.Connection.RemoteIpAddress is { IsIPv4MappedToIPv6: true } mapped ? mapped.MapToIPv4() : context.Connection.RemoteIpAddress;

    private static bool IsListed(ImmutableArray<IPNetwork> proxies, IPAddress address)
    {
        foreach (var network in proxies)
            if (network.Contains(address)) return true;
        return false;
    }

    private static bool IsHost(string host) => host.Length <= 255 && host.AsSpan().IndexOfAnyExcept("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-:[]_") < 0;
}
