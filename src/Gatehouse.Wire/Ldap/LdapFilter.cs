using System.Formats.Asn1;
using System.Text;

namespace Gatehouse.Wire.Ldap;

/// <summary>
/// A search filter (RFC 4511, 4.5.1.7) as a tree. A value put in by code is a leaf of its own and never text that is parsed: there is nothing to inject into. Text of administrators is read by <see cref="Parse"/> (RFC 4515).
/// </summary>
public abstract class LdapFilter
{
    private const int Deepest = 20;

    private LdapFilter()
    {
    }

    /// <summary>All of these.</summary>
    public static LdapFilter And(params IReadOnlyList<LdapFilter> parts) => parts.Count == 1 ? parts[0] : new Set(0, parts);

    /// <summary>Any of these.</summary>
    public static LdapFilter Or(params IReadOnlyList<LdapFilter> parts) => parts.Count == 1 ? parts[0] : new Set(1, parts);

    /// <summary>Not this.</summary>
    public static LdapFilter Not(LdapFilter part) => new Negation(part);

    /// <summary>The attribute has this value.</summary>
    public static LdapFilter Equal(string attribute, string value) => new Compared(3, attribute, Encoding.UTF8.GetBytes(value));

    /// <summary>The attribute has this value, which is no text (objectGUID).</summary>
    public static LdapFilter Equal(string attribute, byte[] value) => new Compared(3, attribute, value);

    /// <summary>The attribute is at least this.</summary>
    public static LdapFilter AtLeast(string attribute, string value) => new Compared(5, attribute, Encoding.UTF8.GetBytes(value));

    /// <summary>The attribute is there.</summary>
    public static LdapFilter Present(string attribute) => new There(attribute);

    /// <summary>A matching rule's own comparison, such as Active Directory's chain of memberships.</summary>
    public static LdapFilter Extensible(string attribute, string rule, string value) => new Ruled(attribute, rule, Encoding.UTF8.GetBytes(value));

    /// <summary>Reads a filter's text. Every <c>{0}</c> that stands for a whole value becomes <paramref name="value"/>. Throws <see cref="FormatException"/> that says where it cannot be read.</summary>
    public static LdapFilter Parse(string text, string value = "")
    {
        var at = 0;
        var filter = Read(text.Trim(), ref at, value, 0);
        return at == text.Trim().Length ? filter : throw new FormatException($"The filter goes on after its end at position {at + 1}.");
    }

    internal abstract void Write(AsnWriter writer);

    private static Asn1Tag Tag(int number, bool constructed = false) => new(TagClass.ContextSpecific, number, constructed);

    private static LdapFilter Read(string text, ref int at, string value, int depth)
    {
        if (depth > Deepest) throw new FormatException("The filter is nested too deeply.");
        Expect(text, ref at, '(');
        if (at >= text.Length) throw new FormatException("The filter ends too early.");
        LdapFilter made;
        if (text[at] is '&' or '|')
        {
            var kind = text[at++] == '&' ? 0 : 1;
            var parts = new List<LdapFilter>();
            while (at < text.Length && text[at] == '(') parts.Add(Read(text, ref at, value, depth + 1));
            if (parts.Count == 0) throw new FormatException($"'{(kind == 0 ? '&' : '|')}' has no parts at position {at + 1}.");
            made = new Set(kind, parts);
        }
        else if (text[at] == '!')
        {
            at++;
            made = new Negation(Read(text, ref at, value, depth + 1));
        }
        else
        {
            var end = text.IndexOf(')', at);
            if (end < 0) throw new FormatException("A bracket is not closed.");
            made = Item(text[at..end], value);
            at = end;
        }

        Expect(text, ref at, ')');
        return made;
    }

    private static LdapFilter Item(string item, string value)
    {
        var equals = item.IndexOf('=', StringComparison.Ordinal);
        if (equals <= 0) throw new FormatException($"'{item}' is no comparison.");
        var (name, given) = (item[..equals], item[(equals + 1)..]);
        var kind = name[^1] switch { '>' => 5, '<' => 6, '~' => 8, ':' => 9, _ => 3 };
        if (kind != 3) name = name[..^1];
        if (kind == 9 && name.Split(':') is [var type, var rule] && IsName(type) && rule.All(c => char.IsAsciiDigit(c) || c == '.')) return new Ruled(type, rule, Value(given, value));
        if (!IsName(name)) throw new FormatException($"'{name}' is no attribute.");
        if (kind != 3) return new Compared(kind, name, Value(given, value));
        if (given == "*") return new There(name);
        return given.Contains('*', StringComparison.Ordinal) ? new Parts(name, [.. given.Split('*').Select(part => Value(part, value))]) : new Compared(3, name, Value(given, value));
    }

    private static bool IsName(string name) => name.Length is > 0 and <= 100 && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '.' or ';');

    private static byte[] Value(string text, string value)
    {
        if (text == "{0}") return Encoding.UTF8.GetBytes(value);
        var bytes = new List<byte>();
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == '\\')
            {
                if (i + 2 >= text.Length || !char.IsAsciiHexDigit(text[i + 1]) || !char.IsAsciiHexDigit(text[i + 2])) throw new FormatException($"'{text}' has a backslash without two hexadecimal digits.");
                bytes.Add(Convert.ToByte(text.Substring(i + 1, 2), 16));
                i += 2;
            }
            else if (text[i] is '(' or '\0') throw new FormatException($"'{text}' must have its special characters escaped (RFC 4515, 3).");
            else bytes.AddRange(Encoding.UTF8.GetBytes(char.IsHighSurrogate(text[i]) && i + 1 < text.Length ? text.Substring(i++, 2) : text[i].ToString()));
        }

        return [.. bytes];
    }

    private static void Expect(string text, ref int at, char wanted)
    {
        if (at >= text.Length || text[at] != wanted) throw new FormatException($"'{wanted}' is missing at position {at + 1}.");
        at++;
    }

    private sealed class Set(int kind, IReadOnlyList<LdapFilter> parts) : LdapFilter
    {
        internal override void Write(AsnWriter writer)
        {
            // A set whose order means nothing; BER lets it stand as it is.
            using var _ = writer.PushSequence(Tag(kind, true));
            foreach (var part in parts) part.Write(writer);
        }
    }

    private sealed class Negation(LdapFilter part) : LdapFilter
    {
        internal override void Write(AsnWriter writer)
        {
            using var _ = writer.PushSequence(Tag(2, true));
            part.Write(writer);
        }
    }

    private sealed class Compared(int kind, string attribute, byte[] value) : LdapFilter
    {
        internal override void Write(AsnWriter writer)
        {
            using var _ = writer.PushSequence(Tag(kind, true));
            writer.WriteOctetString(Encoding.ASCII.GetBytes(attribute));
            writer.WriteOctetString(value);
        }
    }

    private sealed class There(string attribute) : LdapFilter
    {
        internal override void Write(AsnWriter writer) => writer.WriteOctetString(Encoding.ASCII.GetBytes(attribute), Tag(7));
    }

    private sealed class Parts(string attribute, IReadOnlyList<byte[]> parts) : LdapFilter
    {
        internal override void Write(AsnWriter writer)
        {
            using var _ = writer.PushSequence(Tag(4, true));
            writer.WriteOctetString(Encoding.ASCII.GetBytes(attribute));
            using var __ = writer.PushSequence();
            for (var i = 0; i < parts.Count; i++)
                if (parts[i].Length > 0) writer.WriteOctetString(parts[i], Tag(i == 0 ? 0 : i == parts.Count - 1 ? 2 : 1));
        }
    }

    private sealed class Ruled(string attribute, string rule, byte[] value) : LdapFilter
    {
        internal override void Write(AsnWriter writer)
        {
            using var _ = writer.PushSequence(Tag(9, true));
            writer.WriteOctetString(Encoding.ASCII.GetBytes(rule), Tag(1));
            writer.WriteOctetString(Encoding.ASCII.GetBytes(attribute), Tag(2));
            writer.WriteOctetString(value, Tag(3));
        }
    }
}
