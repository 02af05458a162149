using System.Collections.Immutable;
using System.Text;

namespace Gatehouse.Wire.Ldap;

/// <summary>An entry that a search found.</summary>
/// <param name="Dn">Distinguished name.</param>
/// <param name="Attributes">Values by attribute name, which is compared without regard to case.</param>
public sealed record LdapEntry(string Dn, ImmutableDictionary<string, ImmutableArray<byte[]>> Attributes)
{
    /// <summary>First value as text; null when there is none, or it is no UTF-8.</summary>
    public string? Text(string attribute) => Attributes.TryGetValue(attribute, out var values) && !values.IsEmpty ? TextOf(values[0]) : null;

    /// <summary>All values that are text.</summary>
    public ImmutableArray<string> Texts(string attribute) => Attributes.TryGetValue(attribute, out var values) ? [.. values.Select(TextOf).OfType<string>()] : [];

    /// <summary>First value as bytes.</summary>
    public byte[]? Bytes(string attribute) => Attributes.TryGetValue(attribute, out var values) && !values.IsEmpty ? values[0] : null;

    private static string? TextOf(byte[] value)
    {
        try
        {
            return new UTF8Encoding(false, true).GetString(value);
        }
        catch (ArgumentException)
        {
            return null;
        }
    }
}

/// <summary>How an operation ended (RFC 4511, 4.1.9).</summary>
/// <param name="Code">Result code: 0 success, 49 invalid credentials, 32 no such object, 51 busy, 52 unavailable.</param>
/// <param name="Message">The server's diagnostic text, for administrators.</param>
public sealed record LdapResult(int Code, string Message)
{
    /// <summary>Success.</summary>
    public const int Success = 0;

    /// <summary>Size limit exceeded: what came so far counts.</summary>
    public const int SizeLimit = 4;

    /// <summary>No such object.</summary>
    public const int NoSuchObject = 32;

    /// <summary>Wrong name or password.</summary>
    public const int InvalidCredentials = 49;

    /// <summary>Whether the server, and not the request, is what failed (busy, unavailable, other).</summary>
    public bool IsServerTrouble => Code is 51 or 52 or 80 or 3 or 1;
}
