using System.Security.Cryptography;

namespace Gatehouse.Wire.Cas;

/// <summary>Service tickets (CAS Protocol 3.0 specification, 3.1 and 3.7): opaque, begin with <c>ST-</c>, good once.</summary>
public static class CasTicket
{
    /// <summary>A new one: 256 bits, of letters, digits and dashes only.</summary>
    public static string New() => "ST-" + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32));

    /// <summary>Whether a text can be one; what cannot is sent nowhere.</summary>
    public static bool IsSound(string? text) => text is { Length: > 3 and <= 512 } && text.StartsWith("ST-", StringComparison.Ordinal) && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.');
}
