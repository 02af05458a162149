using System.Formats.Asn1;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Gatehouse.Wire.Ldap;
using Xunit;

namespace Gatehouse.Tests.Wire.Ldap;

/// <summary>LDAP's bytes: what is written is what RFC 4511 says, and nothing that a server sends breaks the reader.</summary>
public sealed class LdapWireTests
{
    [Fact]
    public void A_bind_is_written_as_the_rfc_says()
        => Assert.Equal("3016" + "020101" + "6011" + "020103" + "0407" + "636E3D61646D69" + "8003" + "616263", Convert.ToHexString(LdapWriting.Bind(1, "cn=admi", "abc")));

    [Fact]
    public void A_bind_without_a_password_is_not_written() => Assert.Throws<ArgumentException>(() => LdapWriting.Bind(1, "cn=x", ""));

    [Fact]
    public void A_value_never_becomes_part_of_the_filter()
    {
        Prop.ForAll(ArbMap.Default.ArbFor<string>(), value =>
        {
            if (value is null || value.Contains('\ud83d', StringComparison.Ordinal)) return;
            var bytes = LdapWriting.Search(1, "dc=x", LdapScope.Subtree, LdapFilter.Parse("(&(objectClass=person)(uid={0}))", value), ["uid"]);
            var search = new AsnReader(bytes, AsnEncodingRules.BER).ReadSequence();
            search.ReadInteger();
            var body = search.ReadSequence(new Asn1Tag(TagClass.Application, 3, true));
            body.ReadOctetString();
            body.ReadEncodedValue();
            body.ReadEncodedValue();
            body.ReadInteger();
            body.ReadInteger();
            body.ReadBoolean();
            var and = body.ReadSequence(new Asn1Tag(TagClass.ContextSpecific, 0, true));
            and.ReadEncodedValue();
            var equal = and.ReadSequence(new Asn1Tag(TagClass.ContextSpecific, 3, true));
            Assert.False(and.HasData);
            Assert.Equal("uid", Encoding.ASCII.GetString(equal.ReadOctetString()));
            Assert.Equal(Encoding.UTF8.GetBytes(value), equal.ReadOctetString());
        }).QuickCheckThrowOnFailure();
    }

    [Theory]
    [InlineData("(uid=mina)")]
    [InlineData("(&(a=b)(|(c=d)(!(e=f))))")]
    [InlineData("(cn=*)")]
    [InlineData("(cn=a*b*c)")]
    [InlineData("(cn=\\28x\\29)")]
    [InlineData("(a>=1)")]
    [InlineData("(a<=1)")]
    [InlineData("(a~=1)")]
    [InlineData("(member:1.2.840.113556.1.4.1941:=cn=x)")]
    [InlineData("(cn=Ökafor)")]
    public void Filters_of_the_rfc_are_read(string text) => Assert.NotNull(LdapFilter.Parse(text));

    [Theory]
    [InlineData("")]
    [InlineData("uid=x")]
    [InlineData("(uid=x")]
    [InlineData("(uid=x))")]
    [InlineData("(&)")]
    [InlineData("(=x)")]
    [InlineData("(u d=x)")]
    [InlineData("(cn=\\2)")]
    [InlineData("(cn=(x)")]
    [InlineData("(!(a=b)(c=d))")]
    public void Filters_that_are_none_are_refused_with_words(string text) => Assert.NotEmpty(Assert.Throws<FormatException>(() => LdapFilter.Parse(text)).Message);

    [Fact]
    public void Nesting_has_an_end() => Assert.Throws<FormatException>(() => LdapFilter.Parse(string.Concat(Enumerable.Repeat("(!", 1000)) + "(a=b)" + new string(')', 1000)));

    [Fact]
    public void No_bytes_break_the_reader()
    {
        Prop.ForAll(ArbMap.Default.ArbFor<byte[]>(), bytes =>
        {
            bytes ??= [];
            LdapReading.LengthOf(bytes);
            LdapReading.TryRead(bytes, out _);
            LdapReading.IsTooLong(bytes);
            LdapReading.TryReadTooLong([0x30, 0x84, 0x01, 0, 0, 0, .. bytes], out _, out _);
        }).QuickCheckThrowOnFailure();

        // A good answer with every byte changed in turn.
        var good = Convert.FromHexString("300C02010161070A010004000400");
        Assert.True(LdapReading.TryRead(good, out var answer));
        Assert.Equal((1, 1, 0), (answer.Id, answer.Kind, answer.Result!.Code));
        for (var at = 0; at < good.Length; at++)
            for (var value = 0; value < 256; value++)
            {
                var bad = good.ToArray();
                bad[at] = (byte)value;
                LdapReading.LengthOf(bad);
                LdapReading.TryRead(bad, out _);
            }
    }

    [Fact]
    public void An_entry_that_is_too_long_has_a_stand_in_and_nothing_else_does()
    {
        var entry = Convert.FromHexString("308401000000" + "020107" + "648400FFFFF7" + "0403" + "613D62" + "3080");
        Assert.True(LdapReading.IsTooLong(entry));
        Assert.True(LdapReading.TryReadTooLong(entry, out var length, out var standIn));
        Assert.Equal((16777222L, 7, 4, "a=b"), (length, standIn.Id, standIn.Kind, standIn.Entry!.Dn));
        for (var cut = 0; cut < entry.Length; cut++) LdapReading.TryReadTooLong(entry.AsSpan(0, cut), out _, out _);
        foreach (var other in (string[])["300C02010161070A010004000400", "308400400000" + "020107" + "658400FFFFF7", "3084FFFFFFFF020107648400FFFFF7", "308401000000" + "0401076400"])
            Assert.False(LdapReading.TryReadTooLong(Convert.FromHexString(other), out _, out _));
    }

    [Theory]
    [InlineData("30", 0)]
    [InlineData("3003", 5)]
    [InlineData("3080", -1)]
    [InlineData("3085FFFFFFFFFF", -1)]
    [InlineData("3084FFFFFFFF", -1)]
    [InlineData("30830186A0", 100005)]
    [InlineData("4801", -1)]
    public void A_length_is_known_or_refused_before_anything_is_kept(string hex, int length) => Assert.Equal(length, LdapReading.LengthOf(Convert.FromHexString(hex)));

    [Theory]
    [InlineData("a,b", "a\\,b")]
    [InlineData("#x ", "\\#x\\ ")]
    [InlineData("a+b=c", "a\\+b\\=c")]
    public void Names_are_escaped_and_read_back(string value, string escaped)
    {
        Assert.Equal(escaped, LdapDn.Escape(value));
        Assert.Equal(value.Trim(), LdapDn.FirstValue($"cn={escaped},dc=x"));
        Assert.Equal("Ökafor", LdapDn.FirstValue("cn=\\C3\\96kafor,dc=x"));
    }
}
