using System.Security.Cryptography;
using System.Text;

namespace Gatehouse.Audit;

/// <summary>Whether somebody is known by proof or by where they call from.</summary>
public enum ObservedKind
{
    /// <summary>A proven client: its id, and the kind of principal.</summary>
    Client,

    /// <summary>A proven principal without a client: its kind.</summary>
    Principal,

    /// <summary>Nobody was proven: an address (/64 for IPv6) and User-Agent.</summary>
    Address,

    /// <summary>Those of a network who were too many to be told apart.</summary>
    Network,

    /// <summary>All who found no place any more.</summary>
    Others,
}

/// <summary>What makes a group of requests that would have been refused. Texts of strangers are cleaned before they come here.</summary>
/// <param name="Realm">Realm name.</param>
/// <param name="Service">Service of the access file.</param>
/// <param name="Rule">The rule by its methods and path, which stay when rules are added before it.</param>
/// <param name="Reason">Stable code of the reason.</param>
/// <param name="Missing">What it takes, in plain words.</param>
/// <param name="Kind">How who is known.</param>
/// <param name="Name">Client id, kind of principal, address or network.</param>
/// <param name="Agent">Kind of principal for a client, User-Agent for an address; may be empty.</param>
public sealed record ObservedKey(string Realm, string Service, string Rule, string Reason, string Missing, ObservedKind Kind, string Name, string Agent)
{
    /// <summary>The group's id: the first 128 bits of a digest of all members, in hexadecimal.</summary>
    public string Id()
    {
        var text = new StringBuilder();
        foreach (var part in (ReadOnlySpan<string>)[Realm, Service, Rule, Reason, Missing, Kind.ToString(), Name, Agent]) text.Append(part.Length).Append(':').Append(part);
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())).AsSpan(0, 16));
    }
}

/// <summary>A request that would have been refused.</summary>
/// <param name="Key">Its group.</param>
/// <param name="Wider">The wider network of an address (/24, or /48 for IPv6), which stands for it when there are too many; empty otherwise.</param>
/// <param name="Method">HTTP method.</param>
/// <param name="Path">The route's path template, not the path: that may hold what is nobody's business.</param>
/// <param name="At">When.</param>
/// <param name="Until">When observing ends.</param>
public sealed record ObservedRequest(ObservedKey Key, string Wider, string Method, string Path, DateTimeOffset At, DateTimeOffset Until);
