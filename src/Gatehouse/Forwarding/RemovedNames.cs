using System.Buffers;
using System.Collections.Frozen;

namespace Gatehouse.Forwarding;

/// <summary>
/// A set of header names that never reach an upstream. Built once per service. Always in it: what belongs to one hop (RFC 9110, 7.6.1), what the forwarder writes
/// itself, and the headers by which some frameworks let a client replace the path or host that was judged (X-Original-URL and its kin).
/// </summary>
public sealed class RemovedNames
{
    private static readonly string[] Always =
    [
        "Connection", "Keep-Alive", "Proxy-Connection", "Proxy-Authenticate", "Proxy-Authorization", "TE", "Transfer-Encoding", "Upgrade", "HTTP2-Settings",
        "Content-Length", "Host", "Expect", "Cookie", "Forwarded", "X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "X-Forwarded-Port", "X-Forwarded-Server",
        "X-Forwarded-Prefix", "X-Forwarded-Path", "X-Forwarded-Scheme", "X-Forwarded-Ssl", "X-Forwarded-User", "X-Forwarded-Method", "X-Forwarded-Uri", "X-Forwarded-By",
        "X-Real-IP", "X-Client-IP", "True-Client-IP", "X-Original-URL", "X-Rewrite-URL", "X-Original-URI", "X-Original-Host", "X-Original-Method", "X-Host",
        "X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override",
    ];

    private static readonly SearchValues<char> Plain = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-");

    private readonly FrozenSet<string> _names;

    private RemovedNames(IEnumerable<string> names) => _names = Always.Concat(names).ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    /// <summary>Only what is always removed.</summary>
    public static RemovedNames Standard { get; } = new([]);

    /// <summary>These names, and what is always removed.</summary>
    public static RemovedNames Of(params IEnumerable<string> names) => new(names);

    /// <summary>All of them, for whoever else has to take them out.</summary>
    public IEnumerable<string> Names => _names;

    /// <summary>
    /// Whether the name goes. CGI-like upstreams read <c>X_Userinfo</c> and <c>X.Userinfo</c> as <c>X-Userinfo</c>, so odd characters count as dashes.
    /// </summary>
    public bool Contains(string name) =>
        _names.Contains(name) || (name.AsSpan().ContainsAnyExcept(Plain) && _names.Contains(Folded(name)));

    private static string Folded(string name) =>
        string.Create(name.Length, name, static (folded, name) =>
        {
            for (var i = 0; i < name.Length; i++) folded[i] = char.IsAsciiLetterOrDigit(name[i]) ? name[i] : '-';
        });
}
