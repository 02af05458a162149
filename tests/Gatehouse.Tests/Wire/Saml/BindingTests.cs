using System.IO.Compression;
using System.Text;
using Gatehouse.Wire.Saml;
using Xunit;

namespace Gatehouse.Tests.Wire.Saml;

public sealed class BindingTests
{
    private const string Xml = "<a ID=\"_1\">\u00e9</a>";

    private static string Query(string? relay = "state & more", SamlPrivateKey? key = null, bool request = true)
        => RedirectBinding.Write("https://idp.example/sso", SamlKit.Read(Xml), request, relay, key ?? SamlKit.IdpKey).Split('?')[1];

    private static string Packed(byte[] bytes)
    {
        using var target = new MemoryStream();
        using (var stream = new DeflateStream(target, CompressionLevel.SmallestSize)) stream.Write(bytes);
        return "SAMLRequest=" + Uri.EscapeDataString(Convert.ToBase64String(target.ToArray()));
    }

    private static SamlError ErrorOf(string query)
    {
        Assert.False(RedirectBinding.TryRead(query, out _, out var error));
        return error;
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Redirect_round_trip(bool request)
    {
        foreach (var key in (SamlPrivateKey[])[SamlKit.IdpKey, SamlKit.EcKey])
        {
            Assert.True(RedirectBinding.TryRead("?" + Query(key: key, request: request), out var read, out _));
            Assert.Equal(request, read.IsRequest);
            Assert.Equal("state & more", read.RelayState);
            Assert.Equal(Xml, read.Message.ToString());
            Assert.Equal(SamlError.None, read.Verify(SamlTrust.In(key.Public)));
            Assert.Equal(SamlError.BadSignature, read.Verify(SamlTrust.In(SamlKit.Attacker.Public)));
        }
    }

    [Fact]
    public void Without_relay_state_and_without_signature()
    {
        Assert.True(RedirectBinding.TryRead(Query(relay: null), out var read, out _));
        Assert.Null(read.RelayState);
        Assert.Equal(SamlError.None, read.Verify(SamlKit.Trust));
        Assert.True(RedirectBinding.TryRead(RedirectBinding.Write("https://idp.example/?x=1", SamlKit.Read(Xml), true).Split('?')[1], out read, out _));
        Assert.False(read.IsSigned);
        Assert.Equal(SamlError.NotSigned, read.Verify(SamlKit.Trust));
    }

    [Fact]
    public void The_signature_is_over_the_octets_as_sent_in_whatever_order()
    {
        var query = Query("a b");
        Assert.Contains("RelayState=a%20b", query, StringComparison.Ordinal);
        Assert.True(RedirectBinding.TryRead(query.Replace("a%20b", "a+b", StringComparison.Ordinal), out var read, out _));
        Assert.Equal("a b", read.RelayState);
        Assert.Equal(SamlError.BadSignature, read.Verify(SamlKit.Trust));
        Assert.True(RedirectBinding.TryRead(string.Join('&', query.Split('&').Reverse()) + "&other=1", out read, out _));
        Assert.Equal(SamlError.None, read.Verify(SamlKit.Trust));
        Assert.True(RedirectBinding.TryRead(query.Replace("RelayState=a%20b&", "", StringComparison.Ordinal), out read, out _));
        Assert.Equal(SamlError.BadSignature, read.Verify(SamlKit.Trust));
    }

    [Fact]
    public void Odd_queries_are_refused()
    {
        var query = Query();
        Assert.Equal(SamlError.BadParameter, ErrorOf(""));
        Assert.Equal(SamlError.BadParameter, ErrorOf("SAMLRequest"));
        Assert.Equal(SamlError.BadParameter, ErrorOf(query + "&RelayState=x"));
        Assert.Equal(SamlError.BadParameter, ErrorOf(query + "&SAMLRequest=x"));
        Assert.Equal(SamlError.BadParameter, ErrorOf(query + "&SAMLResponse=" + query.Split('&')[0].Split('=')[1]));
        Assert.Equal(SamlError.BadParameter, ErrorOf(query + "&%52elayState=x"));
        Assert.Equal(SamlError.BadParameter, ErrorOf(query + "&x=%zz%41".Replace("x=", "%zz=", StringComparison.Ordinal)));
        Assert.Equal(SamlError.BadParameter, ErrorOf(string.Join('&', query.Split('&').Where(part => !part.StartsWith("SigAlg", StringComparison.Ordinal)))));
        Assert.Equal(SamlError.BadParameter, ErrorOf(string.Join('&', query.Split('&').Where(part => !part.StartsWith("Signature", StringComparison.Ordinal)))));
        Assert.Equal(SamlError.UnsupportedAlgorithm, ErrorOf(query + "&SAMLEncoding=urn%3Aother"));
        Assert.Equal(SamlError.BadBase64, ErrorOf("SAMLRequest=!!!!"));
        Assert.Equal(SamlError.BadDeflate, ErrorOf("SAMLRequest=" + Uri.EscapeDataString(Convert.ToBase64String([0xFF, 0xFF, 0xFF, 0xFF]))));
        Assert.Equal(SamlError.TooLarge, ErrorOf("SAMLRequest=" + new string('A', 70_000)));
    }

    [Fact]
    public void Algorithms_of_the_query_are_those_of_the_list()
    {
        var query = Query();
        foreach (var (uri, expected) in ((string, SamlError)[])[("http://www.w3.org/2000/09/xmldsig#rsa-sha1", SamlError.Sha1), ("http://www.w3.org/2001/04/xmldsig-more#hmac-sha256", SamlError.UnsupportedAlgorithm), ("", SamlError.UnsupportedAlgorithm), (SamlAlgorithm.EcdsaSha256, SamlError.BadSignature)])
        {
            Assert.True(RedirectBinding.TryRead(query.Replace(Uri.EscapeDataString(SamlAlgorithm.RsaSha256), Uri.EscapeDataString(uri), StringComparison.Ordinal), out var read, out _));
            Assert.Equal(expected, read.Verify(SamlKit.Trust));
        }
    }

    [Fact]
    public void A_deflate_bomb_ends_early()
    {
        Assert.Equal(SamlError.TooLarge, ErrorOf(Packed(Encoding.UTF8.GetBytes("<a>" + new string('x', 20_000_000) + "</a>"))));
        Assert.Equal(SamlError.TooLarge, ErrorOf(Packed(Encoding.UTF8.GetBytes("<a>" + new string('x', 100_000) + "</a>"))));
        Assert.Equal(SamlError.Doctype, ErrorOf(Packed("<!DOCTYPE a><a/>"u8.ToArray())));
    }

    [Fact]
    public void Post_round_trip_and_odd_forms()
    {
        var field = PostBinding.Write(SamlKit.Read(Xml));
        Assert.True(PostBinding.TryRead(field, out var message, out _));
        Assert.Equal(Xml, message.ToString());
        Assert.True(PostBinding.TryRead(field.Insert(4, "\r\n") + "\r\n", out _, out _));
        foreach (var odd in (string[])["", "=", "====", "A", "AA", "AAA", "AA==A", field.TrimEnd('=') + "*", field + "=", field.Replace('P', '-'), "PGEvPg", "PGEvPh==", "PGEvP\u0131==", field + "\0"])
            Assert.False(PostBinding.TryRead(odd, out _, out _), odd);
        Assert.False(PostBinding.TryRead(new string('A', 800_000), out _, out var error));
        Assert.Equal(SamlError.TooLarge, error);
    }
}
