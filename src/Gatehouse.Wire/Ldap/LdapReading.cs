using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Formats.Asn1;
using System.Text;

namespace Gatehouse.Wire.Ldap;

/// <summary>What a server sent.</summary>
/// <param name="Id">Message id; 0 is a notice of disconnection.</param>
/// <param name="Kind">Application tag: 1 bind response, 4 entry, 5 search done, 7 modify response, 19 reference, 24 extended response.</param>
/// <param name="Entry">Entry of kind 4; null otherwise.</param>
/// <param name="Result">How the operation ended; null for entries and references.</param>
/// <param name="Cookie">Cookie of the paged results control, empty at the last page; null when there is none.</param>
public sealed record LdapAnswer(int Id, int Kind, LdapEntry? Entry, LdapResult? Result, byte[]? Cookie);

/// <summary>Reads answers of LDAPv3 (RFC 4511) in BER, strictly and within bounds. Never throws for what a server sends.</summary>
public static class LdapReading
{
    /// <summary>Longest message, in bytes.</summary>
    public const int Longest = 4 * 1024 * 1024;

    /// <summary>Longest entry that is skipped instead of ending the connection, in bytes.</summary>
    public const int LongestSkipped = 64 * 1024 * 1024;

    private const int MostAttributes = 2_000;
    private const int MostValues = 20_000;

    /// <summary>Length of the message that begins here: 0 when more bytes are needed to know, -1 when this is no message, or a longer one than allowed.</summary>
    public static int LengthOf(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < 2) return 0;
        if (bytes[0] != 0x30) return -1;
        if (bytes[1] < 0x80) return 2 + bytes[1];
        var count = bytes[1] & 0x7f;
        if (count is 0 or > 4) return -1;
        if (bytes.Length < 2 + count) return 0;
        long length = 0;
        for (var i = 0; i < count; i++) length = (length << 8) | bytes[2 + i];
        return length > Longest ? -1 : (int)(2 + count + length);
    }

    /// <summary>Whether a message begins here that is longer than allowed, but not too long to be skipped.</summary>
    public static bool IsTooLong(ReadOnlySpan<byte> bytes)
    {
        var at = 0;
        return Head(bytes, ref at, 0x30, out var whole) && whole is > Longest and <= LongestSkipped;
    }

    /// <summary>
    /// For a search's entry that is longer than allowed: its length, and a stand-in with nothing but its name, from its first bytes (a kilobyte, if there are so many). One such entry must not keep a listing from going on.
    /// False for whatever else begins here.
    /// </summary>
    public static bool TryReadTooLong(ReadOnlySpan<byte> begin, out long length, [NotNullWhen(true)] out LdapAnswer? standIn)
    {
        (length, standIn) = (0, null);
        var at = 0;
        if (!Head(begin, ref at, 0x30, out var whole) || whole <= Longest || whole > LongestSkipped) return false;
        length = at + whole;
        if (!Head(begin, ref at, 0x02, out var digits) || digits > 4 || at + digits > begin.Length) return false;
        var id = 0;
        for (var end = at + digits; at < end; at++) id = (id << 8) | begin[at];
        if (!Head(begin, ref at, 0x64, out _) || !Head(begin, ref at, 0x04, out var name)) return false;
        var dn = Encoding.UTF8.GetString(begin[at..(int)Math.Min(begin.Length, at + name)]);
        standIn = new LdapAnswer(id, 4, new LdapEntry(dn, ImmutableDictionary<string, ImmutableArray<byte[]>>.Empty), null, null);
        return true;
    }

    private static bool Head(ReadOnlySpan<byte> bytes, ref int at, byte tag, out long length)
    {
        length = 0;
        if (at + 2 > bytes.Length || bytes[at] != tag) return false;
        var first = bytes[at + 1];
        at += 2;
        length = first;
        if (first < 0x80) return true;
        var count = first & 0x7f;
        if (count is 0 or > 4 || at + count > bytes.Length) return false;
        length = 0;
        for (var end = at + count; at < end; at++) length = (length << 8) | bytes[at];
        return true;
    }

    /// <summary>Reads one whole message.</summary>
    public static bool TryRead(ReadOnlyMemory<byte> message, [NotNullWhen(true)] out LdapAnswer? answer)
    {
        answer = null;
        try
        {
            var outer = new AsnReader(message, AsnEncodingRules.BER);
            var body = outer.ReadSequence();
            outer.ThrowIfNotEmpty();
            if (!body.TryReadInt32(out var id) || id < 0) return false;
            var tag = body.PeekTag();
            if (tag.TagClass != TagClass.Application) return false;
            LdapEntry? entry = null;
            LdapResult? result = null;
            if (tag.TagValue == 19) body.ReadEncodedValue();
            else
            {
                var operation = body.ReadSequence(new Asn1Tag(TagClass.Application, tag.TagValue, true));
                if (tag.TagValue == 4) entry = Entry(operation);
                else result = new LdapResult((int)operation.ReadEnumeratedValue<Code>(), Message(operation));
            }

            answer = new LdapAnswer(id, tag.TagValue, entry, result, body.HasData ? Cookie(body) : null);
            return true;
        }
        catch (Exception wrong) when (wrong is AsnContentException or InvalidOperationException or ArgumentException or OverflowException)
        {
            return false;
        }
    }

    // Any number is a code; unknown ones are failures.
    private enum Code
    {
        Success,
    }

    private static string Message(AsnReader operation)
    {
        operation.ReadOctetString();
        var text = Encoding.UTF8.GetString(operation.ReadOctetString()).TrimEnd('\0');
        return text.Length > 500 ? text[..500] : text;
    }

    private static LdapEntry Entry(AsnReader operation)
    {
        var dn = Encoding.UTF8.GetString(operation.ReadOctetString());
        var all = ImmutableDictionary.CreateBuilder<string, ImmutableArray<byte[]>>(StringComparer.OrdinalIgnoreCase);
        var list = operation.ReadSequence();
        while (list.HasData)
        {
            var attribute = list.ReadSequence();
            var name = Encoding.ASCII.GetString(attribute.ReadOctetString());
            var values = ImmutableArray.CreateBuilder<byte[]>();
            var set = attribute.ReadSetOf(skipSortOrderValidation: true);
            while (set.HasData)
            {
                values.Add(set.ReadOctetString());
                if (values.Count > MostValues) throw new AsnContentException("too many values");
            }

            all[name] = values.ToImmutable();
            if (all.Count > MostAttributes) throw new AsnContentException("too many attributes");
        }

        return new LdapEntry(dn, all.ToImmutable());
    }

    private static byte[]? Cookie(AsnReader body)
    {
        var controls = body.ReadSequence(new Asn1Tag(TagClass.ContextSpecific, 0, true));
        while (controls.HasData)
        {
            var control = controls.ReadSequence();
            var name = Encoding.ASCII.GetString(control.ReadOctetString());
            if (control.HasData && control.PeekTag().HasSameClassAndValue(Asn1Tag.Boolean)) control.ReadBoolean();
            if (name != LdapWriting.PagedResults || !control.HasData) continue;
            var value = new AsnReader(control.ReadOctetString(), AsnEncodingRules.BER).ReadSequence();
            value.ReadInteger();
            return value.ReadOctetString();
        }

        return null;
    }
}
