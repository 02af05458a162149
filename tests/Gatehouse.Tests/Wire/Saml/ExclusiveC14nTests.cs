using Gatehouse.Wire.Saml;
using Xunit;

namespace Gatehouse.Tests.Wire.Saml;

public sealed class ExclusiveC14nTests
{
    [Theory]
    [InlineData("<a/>", "<a></a>")]
    [InlineData("<a  b = 'x'\n a='y' />", "<a a=\"y\" b=\"x\"></a>")]
    [InlineData("<a>&lt;&gt;&amp;\"'&#13;\t\r\n</a>", "<a>&lt;&gt;&amp;\"'&#xD;\t\n</a>")]
    [InlineData("<a b='&lt;&gt;&amp;&quot;&apos;&#13;&#9;&#10; \t'/>", "<a b=\"&lt;>&amp;&quot;'&#xD;&#x9;&#xA;  \"></a>")]
    [InlineData("<a><![CDATA[<x>&]]></a>", "<a>&lt;x&gt;&amp;</a>")]
    [InlineData("<a xmlns:p='u' xmlns:q='v'><p:b/><p:b/></a>", "<a><p:b xmlns:p=\"u\"></p:b><p:b xmlns:p=\"u\"></p:b></a>")]
    [InlineData("<p:a xmlns:p='u' xmlns:q='v' q:z='1' b='2'><p:b/></p:a>", "<p:a xmlns:p=\"u\" xmlns:q=\"v\" b=\"2\" q:z=\"1\"><p:b></p:b></p:a>")]
    [InlineData("<a xmlns='u'><b xmlns=''><c xmlns='u'/></b></a>", "<a xmlns=\"u\"><b xmlns=\"\"><c xmlns=\"u\"></c></b></a>")]
    [InlineData("<a xmlns=''><b xmlns=''/></a>", "<a><b></b></a>")]
    [InlineData("<p:a xmlns:p='u'><p:a xmlns:p='v'><p:a xmlns:p='u'/></p:a></p:a>", "<p:a xmlns:p=\"u\"><p:a xmlns:p=\"v\"><p:a xmlns:p=\"u\"></p:a></p:a></p:a>")]
    [InlineData("<a xml:lang='en' xmlns:b='u' b:lang='x'/>", "<a xmlns:b=\"u\" xml:lang=\"en\" b:lang=\"x\"></a>")]
    public void Canonical_form(string xml, string expected) => Assert.Equal(expected, SamlKit.C14n(SamlKit.Read(xml)));

    [Fact]
    public void Inclusive_prefixes_are_written_where_in_scope()
    {
        var inner = SamlKit.Read("<o xmlns='d' xmlns:xs='s' xmlns:q='v'><p:a xmlns:p='u'><p:b xmlns:xs='t'/></p:a></o>").Elements().Single();
        Assert.Equal("<p:a xmlns:p=\"u\"><p:b></p:b></p:a>", SamlKit.C14n(inner));
        Assert.Equal("<p:a xmlns:p=\"u\" xmlns:xs=\"s\"><p:b xmlns:xs=\"t\"></p:b></p:a>", SamlKit.C14n(inner, "xs"));
        Assert.Equal("<p:a xmlns=\"d\" xmlns:p=\"u\"><p:b></p:b></p:a>", SamlKit.C14n(inner, "#default", "unknown"));
    }

    [Fact]
    public void A_huge_canonical_form_of_a_small_document_is_not_written()
    {
        var root = SamlKit.Read($"<a xmlns:p='{new string('x', 100_000)}'>{string.Concat(Enumerable.Repeat("<p:b/>", 10_000))}</a>");
        Assert.False(SamlSignature.TryVerify(root, SamlKit.Trust, out _, out _));
        Assert.ThrowsAny<Exception>(() => ExclusiveC14n.Write(root));
    }
}
