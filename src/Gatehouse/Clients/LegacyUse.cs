using System.Security.Cryptography;
using System.Text;

namespace Gatehouse.Clients;

/// <summary>Who used a shared secret, and for what. Texts of strangers are cleaned before they come here.</summary>
/// <param name="Realm">Realm name.</param>
/// <param name="Secret">Name of the secret in the access file.</param>
/// <param name="Current">Whether it was the current value, not one on its way out.</param>
/// <param name="Address">Address, or the /64 of an IPv6 address; <see cref="Others"/> for all who found no place any more.</param>
/// <param name="Agent">User-Agent; may be empty, or <see cref="Several"/>.</param>
/// <param name="Service">Service of the access file.</param>
/// <param name="Route">The route's path template.</param>
/// <param name="Method">HTTP method; <c>OTHER</c> for an unusual one.</param>
public sealed record LegacyUseKey(string Realm, string Secret, bool Current, string Address, string Agent, string Service, string Route, string Method)
{
    /// <summary>Stands for all addresses that found no place.</summary>
    public const string Others = "others";

    /// <summary>Stands for the agents of an address that has too many.</summary>
    public const string Several = "several";

    /// <summary>Id in the table: the first 128 bits of a digest of all members, in hexadecimal.</summary>
    public string Id()
    {
        var text = new StringBuilder();
        foreach (var part in (ReadOnlySpan<string>)[Realm, Secret, Current ? "current" : "previous", Address, Agent, Service, Route, Method]) text.Append(part.Length).Append(':').Append(part);
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())).AsSpan(0, 16));
    }
}

/// <summary>Uses of one kind.</summary>
/// <param name="Id">Id.</param>
/// <param name="Key">Who and what.</param>
/// <param name="Times">How often.</param>
/// <param name="First">The first time.</param>
/// <param name="Last">The last time so far.</param>
public sealed record LegacyUse(string Id, LegacyUseKey Key, long Times, DateTimeOffset First, DateTimeOffset Last);

/// <summary>A page of uses and the cursor of the next one; null at the end.</summary>
public sealed record LegacyPage(IReadOnlyList<LegacyUse> Uses, string? Next);
