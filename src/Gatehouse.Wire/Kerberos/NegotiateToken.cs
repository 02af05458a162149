using System.Diagnostics.CodeAnalysis;
using System.Formats.Asn1;
using System.Text;

namespace Gatehouse.Wire.Kerberos;

/// <summary>What a token is.</summary>
public enum NegotiateKind
{
    /// <summary>Neither Kerberos nor NTLM.</summary>
    Other,

    /// <summary>Kerberos, by itself or in SPNEGO.</summary>
    Kerberos,

    /// <summary>NTLM: the browser had no ticket.</summary>
    Ntlm,
}

/// <summary>
/// What stands in the clear in a token of <c>Authorization: Negotiate</c> (RFC 4559; SPNEGO: RFC 4178; Kerberos: RFC 4121, 4.1, RFC 4120, 5.5.1): enough to say why a ticket does not fit. Nothing here is proven.
/// </summary>
/// <param name="Kind">What it is.</param>
/// <param name="Realm">Realm of the service that the ticket is for; null unless it is Kerberos.</param>
/// <param name="Service">That service, as <c>HTTP/host</c>.</param>
/// <param name="EncryptionType">Encryption type of the ticket (RFC 3961, 8).</param>
/// <param name="KeyVersion">Version of the key that it is encrypted for; null when not said.</param>
public sealed record NegotiateToken(NegotiateKind Kind, string? Realm = null, string? Service = null, int EncryptionType = 0, int? KeyVersion = null)
{
    /// <summary>Longest token that is looked at: tickets with many groups are large, and browsers' headers end somewhere.</summary>
    public const int Longest = 64 * 1024;

    private const string Spnego = "1.3.6.1.5.5.2";
    private static readonly string[] Kerberos5 = ["1.2.840.113554.1.2.2", "1.2.840.48018.1.2.2"];

    /// <summary>Reads a token; false when it cannot be read at all. Never throws.</summary>
    public static bool TryRead(ReadOnlyMemory<byte> token, [NotNullWhen(true)] out NegotiateToken? read)
    {
        read = null;
        if (token.Length is 0 or > Longest) return false;
        if (token.Span.StartsWith("NTLMSSP\0"u8))
        {
            read = new NegotiateToken(NegotiateKind.Ntlm);
            return true;
        }

        try
        {
            read = Context(token);
            return true;
        }
        catch (Exception odd) when (odd is AsnContentException or InvalidOperationException or ArgumentException or OverflowException)
        {
            return false;
        }
    }

    private static NegotiateToken Context(ReadOnlyMemory<byte> token)
    {
        var (mechanism, rest) = Unwrap(token);
        if (mechanism != Spnego) return Kerberos5.Contains(mechanism) ? Ticket(rest) : new NegotiateToken(NegotiateKind.Other);
        var init = new AsnReader(rest, AsnEncodingRules.BER).ReadSequence(new Asn1Tag(TagClass.ContextSpecific, 0)).ReadSequence();
        ReadOnlyMemory<byte> inner = default;
        while (init.HasData)
        {
            var tag = init.PeekTag();
            var part = init.ReadSequence(tag);
            if (tag.TagValue == 2) inner = part.ReadOctetString();
        }

        if (inner.Span.StartsWith("NTLMSSP\0"u8)) return new NegotiateToken(NegotiateKind.Ntlm);
        if (inner.IsEmpty) return new NegotiateToken(NegotiateKind.Other);
        (mechanism, rest) = Unwrap(inner);
        return Kerberos5.Contains(mechanism) ? Ticket(rest) : new NegotiateToken(NegotiateKind.Other);
    }

    // RFC 2743, 3.1: the mechanism's name, and then whatever it likes.
    private static (string Mechanism, ReadOnlyMemory<byte> Content) Unwrap(ReadOnlyMemory<byte> token)
    {
        AsnDecoder.ReadEncodedValue(token.Span, AsnEncodingRules.BER, out var offset, out var length, out _);
        if (token.Span[0] != 0x60) throw new AsnContentException();
        var body = token.Slice(offset, length);
        var mechanism = AsnDecoder.ReadObjectIdentifier(body.Span, AsnEncodingRules.BER, out var used);
        return (mechanism, body[used..]);
    }

    private static NegotiateToken Ticket(ReadOnlyMemory<byte> token)
    {
        // 01 00: an AP-REQ follows.
        if (token.Length < 3 || token.Span[0] != 1 || token.Span[1] != 0) return new NegotiateToken(NegotiateKind.Other);
        var request = new AsnReader(token[2..], AsnEncodingRules.BER).ReadSequence(new Asn1Tag(TagClass.Application, 14)).ReadSequence();
        AsnReader? ticket = null;
        while (request.HasData)
        {
            var tag = request.PeekTag();
            var part = request.ReadSequence(tag);
            if (tag.TagValue == 3) ticket = part.ReadSequence(new Asn1Tag(TagClass.Application, 1)).ReadSequence();
        }

        if (ticket is null) throw new AsnContentException();
        string? realm = null, service = null;
        var (type, version) = (0, (int?)null);
        while (ticket.HasData)
        {
            var tag = ticket.PeekTag();
            var part = ticket.ReadSequence(tag);
            switch (tag.TagValue)
            {
                case 1: realm = Text(part); break;
                case 2: service = Name(part.ReadSequence()); break;
                case 3: (type, version) = Encrypted(part.ReadSequence()); break;
            }
        }

        return realm is null || service is null ? throw new AsnContentException() : new NegotiateToken(NegotiateKind.Kerberos, realm, service, type, version);
    }

    private static string Name(AsnReader name)
    {
        var parts = new List<string>();
        while (name.HasData)
        {
            var tag = name.PeekTag();
            var part = name.ReadSequence(tag);
            if (tag.TagValue != 1) continue;
            var texts = part.ReadSequence();
            while (texts.HasData && parts.Count < 8) parts.Add(Text(texts));
        }

        return string.Join('/', parts);
    }

    private static (int Type, int? Version) Encrypted(AsnReader data)
    {
        var (type, version) = (0, (int?)null);
        while (data.HasData)
        {
            var tag = data.PeekTag();
            var part = data.ReadSequence(tag);
            if (tag.TagValue == 0) type = part.TryReadInt32(out var number) ? number : throw new AsnContentException();
            if (tag.TagValue == 1) version = part.TryReadInt32(out var number) ? number : throw new AsnContentException();
        }

        return (type, version);
    }

    // KerberosString is a GeneralString (RFC 4120, 5.2.1); what is not printable is marked.
    private static string Text(AsnReader reader)
    {
        var encoded = reader.ReadEncodedValue();
        AsnDecoder.ReadEncodedValue(encoded.Span, AsnEncodingRules.BER, out var offset, out var length, out _);
        if (length > 256) throw new AsnContentException();
        return string.Concat(Encoding.Latin1.GetString(encoded.Span.Slice(offset, length)).Select(c => c is > ' ' and < '\x7f' ? c : '?'));
    }
}
