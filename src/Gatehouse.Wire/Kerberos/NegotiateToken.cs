using System.Diagnostics.CodeAnalysis;
using System.Formats.Asn1;
using System.Security.Cryptography;
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

    /// <summary>The second leg of a conversation (NegTokenResp), where there is only one.</summary>
    Continued,
}

/// <summary>
/// What stands in the clear in a token of <c>Authorization: Negotiate</c> (RFC 4559; SPNEGO: RFC 4178; Kerberos: RFC 4121, 4.1, RFC 4120, 5.5.1): enough to say why a ticket does not fit. Nothing here is proven.
/// </summary>
/// <param name="Kind">What it is.</param>
/// <param name="Realm">Realm of the service that the ticket is for; null unless it is Kerberos.</param>
/// <param name="Service">That service, as <c>HTTP/host</c>.</param>
/// <param name="EncryptionType">Encryption type of the ticket (RFC 3961, 8).</param>
/// <param name="KeyVersion">Version of the key that it is encrypted for; null when not said.</param>
public sealed record NegotiateToken(NegotiateKind Kind, string? Realm = null, string? Service = null, int EncryptionType = 0, uint? KeyVersion = null)
{
    /// <summary>The token of Kerberos' own mechanism, without what SPNEGO wraps around it.</summary>
    public ReadOnlyMemory<byte> Ticket { get; private init; }

    /// <summary>Object identifier under which SPNEGO offers it; null where it came alone.</summary>
    public string? Mechanism { get; private init; }

    /// <summary>SHA-256 over the encrypted authenticator, which is never the same twice: one ticket shown twice has the same, however it is wrapped. Null unless it is Kerberos.</summary>
    public string? Print { get; private init; }

    /// <summary>Longest token that is looked at: tickets with many groups are large, and browsers' headers end somewhere.</summary>
    public const int Longest = 64 * 1024;

    private const string Spnego = "1.3.6.1.5.5.2";
    private const string NtlmMechanism = "1.3.6.1.4.1.311.2.2.10";
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
            read = token.Span[0] == 0xA1 ? new NegotiateToken(NegotiateKind.Continued) : Context(token);
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
        if (mechanism != Spnego) return Kerberos5.Contains(mechanism) ? Request(rest) with { Ticket = token } : new NegotiateToken(NegotiateKind.Other);
        if (rest.Length > 0 && rest.Span[0] == 0xA1) return new NegotiateToken(NegotiateKind.Continued);
        var init = new AsnReader(rest, AsnEncodingRules.BER).ReadSequence(new Asn1Tag(TagClass.ContextSpecific, 0)).ReadSequence();
        ReadOnlyMemory<byte> inner = default;
        List<string> offered = [];
        for (var last = -1; init.HasData;)
        {
            var part = Part(init, ref last);
            if (last == 2) inner = part.ReadOctetString();
            if (last != 0) continue;
            for (var names = part.ReadSequence(); names.HasData && offered.Count < 20;) offered.Add(Identifier(names.ReadEncodedValue().Span, out _));
        }

        // What is carried along is of the mechanism that is offered first (RFC 4178, 4.2.1).
        if (inner.Span.StartsWith("NTLMSSP\0"u8) || (offered.FirstOrDefault(Kerberos5.Contains) is null && offered.Contains(NtlmMechanism))) return new NegotiateToken(NegotiateKind.Ntlm);
        if (inner.IsEmpty || !Kerberos5.Contains(offered.FirstOrDefault())) return new NegotiateToken(NegotiateKind.Other);
        (mechanism, rest) = Unwrap(inner);
        return Kerberos5.Contains(mechanism) ? Request(rest) with { Ticket = inner, Mechanism = offered[0] } : new NegotiateToken(NegotiateKind.Other);
    }

    // RFC 2743, 3.1: the mechanism's name, and then whatever it likes.
    private static (string Mechanism, ReadOnlyMemory<byte> Content) Unwrap(ReadOnlyMemory<byte> token)
    {
        AsnDecoder.ReadEncodedValue(token.Span, AsnEncodingRules.BER, out var offset, out var length, out _);
        if (token.Span[0] != 0x60) throw new AsnContentException();
        var body = token.Slice(offset, length);
        var mechanism = Identifier(body.Span, out var used);
        return (mechanism, body[used..]);
    }

    // Each part once and in its order: what is read here must be what the library reads.
    private static AsnReader Part(AsnReader reader, ref int last)
    {
        var tag = reader.PeekTag();
        if (tag.TagClass != TagClass.ContextSpecific || tag.TagValue <= last) throw new AsnContentException();
        last = tag.TagValue;
        return reader.ReadSequence(tag);
    }

    // No mechanism has a long number, and long ones take long to read.
    private static string Identifier(ReadOnlySpan<byte> value, out int used)
        => value.Length >= 2 && value[1] <= 32 ? AsnDecoder.ReadObjectIdentifier(value, AsnEncodingRules.BER, out used) : throw new AsnContentException();

    private static NegotiateToken Request(ReadOnlyMemory<byte> token)
    {
        // 01 00: an AP-REQ follows.
        if (token.Length < 3 || token.Span[0] != 1 || token.Span[1] != 0) return new NegotiateToken(NegotiateKind.Other);
        var request = new AsnReader(token[2..], AsnEncodingRules.BER).ReadSequence(new Asn1Tag(TagClass.Application, 14)).ReadSequence();
        AsnReader? ticket = null;
        string? print = null;
        for (var last = -1; request.HasData;)
        {
            var part = Part(request, ref last);
            if (last == 3) ticket = part.ReadSequence(new Asn1Tag(TagClass.Application, 1)).ReadSequence();
            if (last == 4) print = Encrypted(part.ReadSequence()).Print;
        }

        if (ticket is null || print is null) throw new AsnContentException();
        string? realm = null, service = null;
        var (type, version) = (0, (uint?)null);
        for (var last = -1; ticket.HasData;)
        {
            var part = Part(ticket, ref last);
            switch (last)
            {
                case 1: realm = Text(part); break;
                case 2: service = Name(part.ReadSequence()); break;
                case 3: (type, version, _) = Encrypted(part.ReadSequence()); break;
            }
        }

        return realm is null || service is null ? throw new AsnContentException() : new NegotiateToken(NegotiateKind.Kerberos, realm, service, type, version) { Print = print };
    }

    private static string Name(AsnReader name)
    {
        var parts = new List<string>();
        for (var last = -1; name.HasData;)
        {
            var part = Part(name, ref last);
            if (last != 1) continue;
            var texts = part.ReadSequence();
            while (texts.HasData && parts.Count < 8) parts.Add(Text(texts));
        }

        return string.Join('/', parts);
    }

    private static (int Type, uint? Version, string? Print) Encrypted(AsnReader data)
    {
        var (type, version, print) = (0, (uint?)null, (string?)null);
        for (var last = -1; data.HasData;)
        {
            var part = Part(data, ref last);
            if (last == 0) type = part.TryReadInt32(out var number) ? number : throw new AsnContentException();

            // Some write a version above 2^31, as read-only domain controllers have, as a negative number.
            if (last == 1) version = part.TryReadInt64(out var number) && number is >= int.MinValue and <= uint.MaxValue ? unchecked((uint)number) : throw new AsnContentException();
            if (last == 2) print = Convert.ToHexStringLower(SHA256.HashData(part.ReadOctetString()));
        }

        return (type, version, print);
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
