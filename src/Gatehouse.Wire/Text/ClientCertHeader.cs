using System.Diagnostics.CodeAnalysis;

namespace Gatehouse.Wire.Text;

/// <summary>Reads <c>Client-Cert</c> and <c>Client-Cert-Chain</c> (RFC 9440, 2.2 and 2.3): structured fields (RFC 8941) of byte sequences between colons, each a certificate in DER.</summary>
public static class ClientCertHeader
{
    private const int Longest = 64 * 1024;
    private const int Most = 8;

    /// <summary>Reads one certificate: <c>:Base64:</c>; false for anything else.</summary>
    public static bool TryRead(string? field, [NotNullWhen(true)] out byte[]? der)
    {
        der = null;
        if (field is null || field.Length > Longest) return false;
        var text = field.AsSpan().Trim(' ');
        if (text.Length < 3 || text[0] != ':' || text[^1] != ':') return false;
        text = text[1..^1];

        // One spelling only, white space refused: what two parsers read in two ways names two people.
        return !text.ContainsAny(" \t\r\n") && Saml.SamlBase64.TryDecode(text, out der);
    }

    /// <summary>Reads a list of certificates; empty for none, null when it cannot be read.</summary>
    public static IReadOnlyList<byte[]>? ReadChain(string? field)
    {
        if (string.IsNullOrWhiteSpace(field)) return [];
        if (field.Length > Longest) return null;
        var chain = new List<byte[]>();
        foreach (var one in field.Split(','))
        {
            if (chain.Count == Most || !TryRead(one.Trim(' ', '\t'), out var der)) return null;
            chain.Add(der);
        }

        return chain;
    }
}
