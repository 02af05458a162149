using System.Formats.Asn1;
using System.Text;

namespace Gatehouse.Wire.Ldap;

/// <summary>Depth of a search (RFC 4511, 4.5.1.2).</summary>
public enum LdapScope
{
    /// <summary>The entry itself.</summary>
    Entry = 0,

    /// <summary>Its children.</summary>
    Children = 1,

    /// <summary>It and everything below.</summary>
    Subtree = 2,
}

/// <summary>Writes requests of LDAPv3 (RFC 4511) in BER.</summary>
public static class LdapWriting
{
    /// <summary>Object identifier of StartTLS (RFC 4511, 4.14).</summary>
    public const string StartTls = "1.3.6.1.4.1.1466.20037";

    /// <summary>Object identifier of the password modify operation (RFC 3062).</summary>
    public const string PasswordModify = "1.3.6.1.4.1.4203.1.11.1";

    /// <summary>Object identifier of the paged results control (RFC 2696).</summary>
    public const string PagedResults = "1.2.840.113556.1.4.319";

    /// <summary>A simple bind (4.2). An empty password would be an unauthenticated bind, which succeeds and proves nothing: <see cref="ArgumentException"/>, unless the name is empty too.</summary>
    public static byte[] Bind(int id, string dn, string password)
    {
        if (password.Length == 0 && dn.Length > 0) throw new ArgumentException("A bind with a name needs a password (RFC 4513, 5.1.2).", nameof(password));
        return Message(id, writer =>
        {
            using var _ = writer.PushSequence(App(0, true));
            writer.WriteInteger(3);
            Text(writer, dn);
            writer.WriteOctetString(Encoding.UTF8.GetBytes(password), new Asn1Tag(TagClass.ContextSpecific, 0));
        });
    }

    /// <summary>Unbind (4.3): the server closes.</summary>
    public static byte[] Unbind(int id) => Message(id, writer => writer.WriteNull(App(2)));

    /// <summary>A search (4.5), with one page of results when <paramref name="pageSize"/> is above 0.</summary>
    public static byte[] Search(int id, string baseDn, LdapScope scope, LdapFilter filter, IReadOnlyList<string> attributes, int sizeLimit = 0, int timeLimit = 0, int pageSize = 0, byte[]? cookie = null)
        => Message(id, writer =>
        {
            using (writer.PushSequence(App(3, true)))
            {
                Text(writer, baseDn);
                writer.WriteEnumeratedValue(scope);
                writer.WriteEnumeratedValue(Deref.Never);
                writer.WriteInteger(sizeLimit);
                writer.WriteInteger(timeLimit);
                writer.WriteBoolean(false);
                filter.Write(writer);
                using var _ = writer.PushSequence();
                foreach (var attribute in attributes) Text(writer, attribute);
            }

            if (pageSize > 0) Page(writer, pageSize, cookie ?? []);
        });

    /// <summary>An extended operation (4.12).</summary>
    public static byte[] Extended(int id, string name, byte[]? value = null) => Message(id, writer =>
    {
        using var _ = writer.PushSequence(App(23, true));
        writer.WriteOctetString(Encoding.ASCII.GetBytes(name), new Asn1Tag(TagClass.ContextSpecific, 0));
        if (value is not null) writer.WriteOctetString(value, new Asn1Tag(TagClass.ContextSpecific, 1));
    });

    /// <summary>The value of a password modify operation (RFC 3062, 2): by the person themselves, who prove it with the old one.</summary>
    public static byte[] PasswordChange(string dn, string oldPassword, string newPassword)
    {
        var writer = new AsnWriter(AsnEncodingRules.BER);
        using (writer.PushSequence())
        {
            writer.WriteOctetString(Encoding.UTF8.GetBytes(dn), new Asn1Tag(TagClass.ContextSpecific, 0));
            writer.WriteOctetString(Encoding.UTF8.GetBytes(oldPassword), new Asn1Tag(TagClass.ContextSpecific, 1));
            writer.WriteOctetString(Encoding.UTF8.GetBytes(newPassword), new Asn1Tag(TagClass.ContextSpecific, 2));
        }

        return writer.Encode();
    }

    /// <summary>The value of a password modify operation (RFC 3062, 2) by somebody who may set it without the old one.</summary>
    public static byte[] PasswordReset(string dn, string newPassword)
    {
        var writer = new AsnWriter(AsnEncodingRules.BER);
        using (writer.PushSequence())
        {
            writer.WriteOctetString(Encoding.UTF8.GetBytes(dn), new Asn1Tag(TagClass.ContextSpecific, 0));
            writer.WriteOctetString(Encoding.UTF8.GetBytes(newPassword), new Asn1Tag(TagClass.ContextSpecific, 2));
        }

        return writer.Encode();
    }

    /// <summary>Active Directory's reset of a password, by somebody who may: the value replaced, quoted and in UTF-16.</summary>
    public static byte[] ReplaceUnicodePassword(int id, string dn, string newPassword) => Message(id, writer =>
    {
        using var _ = writer.PushSequence(App(6, true));
        Text(writer, dn);
        using var __ = writer.PushSequence();
        Change(writer, Operation.Replace, Encoding.Unicode.GetBytes($"\"{newPassword}\""));
    });

    /// <summary>Active Directory's change of a password: the old value deleted and the new one added in one request, each quoted and in UTF-16.</summary>
    public static byte[] ModifyUnicodePassword(int id, string dn, string oldPassword, string newPassword) => Message(id, writer =>
    {
        using var _ = writer.PushSequence(App(6, true));
        Text(writer, dn);
        using var __ = writer.PushSequence();
        Change(writer, Operation.Delete, Encoding.Unicode.GetBytes($"\"{oldPassword}\""));
        Change(writer, Operation.Add, Encoding.Unicode.GetBytes($"\"{newPassword}\""));
    });

    private enum Deref
    {
        Never = 0,
    }

    private enum Operation
    {
        Add = 0,
        Delete = 1,
        Replace = 2,
    }

    private static void Change(AsnWriter writer, Operation operation, byte[] value)
    {
        using var _ = writer.PushSequence();
        writer.WriteEnumeratedValue(operation);
        using var __ = writer.PushSequence();
        Text(writer, "unicodePwd");
        using var ___ = writer.PushSetOf();
        writer.WriteOctetString(value);
    }

    private static void Page(AsnWriter writer, int size, byte[] cookie)
    {
        var value = new AsnWriter(AsnEncodingRules.BER);
        using (value.PushSequence())
        {
            value.WriteInteger(size);
            value.WriteOctetString(cookie);
        }

        using var _ = writer.PushSequence(new Asn1Tag(TagClass.ContextSpecific, 0, true));
        using var __ = writer.PushSequence();
        writer.WriteOctetString(Encoding.ASCII.GetBytes(PagedResults));
        writer.WriteBoolean(true);
        writer.WriteOctetString(value.Encode());
    }

    private static byte[] Message(int id, Action<AsnWriter> operation)
    {
        var writer = new AsnWriter(AsnEncodingRules.BER);
        using (writer.PushSequence())
        {
            writer.WriteInteger(id);
            operation(writer);
        }

        return writer.Encode();
    }

    private static void Text(AsnWriter writer, string text) => writer.WriteOctetString(Encoding.UTF8.GetBytes(text));

    private static Asn1Tag App(int number, bool constructed = false) => new(TagClass.Application, number, constructed);
}
