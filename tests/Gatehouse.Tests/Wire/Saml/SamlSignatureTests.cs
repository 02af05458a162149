using System.Security.Cryptography;
using System.Text;
using Gatehouse.Wire.Saml;
using Xunit;

namespace Gatehouse.Tests.Wire.Saml;

public sealed class SamlSignatureTests
{
    private const string Xml = "<r:Response xmlns:r='urn:oasis:names:tc:SAML:2.0:protocol' xmlns:xs='http://www.w3.org/2001/XMLSchema' ID='_1'><a:Issuer xmlns:a='urn:oasis:names:tc:SAML:2.0:assertion'>i</a:Issuer><r:X b='\u00e9 \U0001F600 &quot;&#10;' a='1'>t\u00e4xt &amp; more\n</r:X></r:Response>";

    private static string Signed(SamlPrivateKey? key = null) => SamlSignature.Sign(SamlKit.Read(Xml), key ?? SamlKit.IdpKey).ToString();

    private static SamlError Verify(string xml, SamlTrust? trust = null) => SamlSignature.TryVerify(SamlKit.Read(xml), trust ?? SamlKit.Trust, out _, out var error) ? SamlError.None : error;

    public static TheoryData<string> Curves => ["nistP256", "nistP384", "nistP521"];

    [Fact]
    public void What_was_signed_comes_back_without_the_signature()
    {
        Assert.True(SamlSignature.TryVerify(SamlKit.Read(Signed()), SamlKit.Trust, out var signed, out _));
        Assert.Equal(SamlKit.C14n(SamlKit.Read(Xml)), SamlKit.C14n(signed));
        Assert.False(SamlSignature.IsPresent(signed));
    }

    [Theory]
    [MemberData(nameof(Curves))]
    public void Elliptic_curves(string curve)
    {
        using var key = SamlKit.NewEc("ec", ECCurve.CreateFromFriendlyName(curve));
        Assert.Equal(SamlError.None, Verify(Signed(key), SamlTrust.In(key.Public)));
        Assert.Equal(SamlError.BadSignature, Verify(Signed(key)));
        Assert.Equal(SamlError.BadSignature, Verify(Signed(), SamlTrust.In(key.Public)));
    }

    [Fact]
    public void Any_of_several_keys_will_do_while_a_partner_rolls_over()
    {
        Assert.Equal(SamlError.None, Verify(Signed(), SamlTrust.In(SamlKit.EcKey.Public, SamlKit.Attacker.Public, SamlKit.IdpKey.Public)));
        Assert.Equal(SamlError.BadSignature, Verify(Signed(), new SamlTrust([])));
    }

    [Fact]
    public void A_key_that_the_message_offers_counts_for_nothing() => Assert.Equal(SamlError.BadSignature, Verify(Signed(SamlKit.Attacker)));

    [Theory]
    [InlineData("t\u00e4xt", "text")]
    [InlineData("a=\"1\"", "a=\"2\"")]
    [InlineData(">i<", ">j<")]
    [InlineData("r:X", "r:Y")]
    [InlineData("&amp; more", "&amp;  more")]
    [InlineData("&#xA;", " ")]
    [InlineData("<r:X ", "<r:Z></r:Z><r:X ")]
    [InlineData("<a:Issuer xmlns:a=\"urn:oasis:names:tc:SAML:2.0:assertion\">", "<a:Issuer xmlns:a=\"urn:x\">")]
    public void A_changed_document_is_refused(string from, string to)
    {
        var xml = Signed();
        Assert.Contains(from, xml, StringComparison.Ordinal);
        Assert.Equal(SamlError.BadSignature, Verify(xml.Replace(from, to, StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("URI=\"#_1\"", "URI=\"\"", SamlError.SignatureReference)]
    [InlineData("URI=\"#_1\"", "URI=\"#_2\"", SamlError.SignatureReference)]
    [InlineData("URI=\"#_1\"", "", SamlError.SignatureReference)]
    [InlineData("URI=\"#_1\"", "URI=\"#xpointer(id('_1'))\"", SamlError.SignatureReference)]
    [InlineData("URI=\"#_1\"", "URI=\"#xpointer(/)\"", SamlError.SignatureReference)]
    [InlineData("URI=\"#_1\"", "URI=\"http://attacker.example/#_1\"", SamlError.SignatureReference)]
    [InlineData("URI=\"#_1\"", "URI=\"#_1\" Type=\"http://www.w3.org/2000/09/xmldsig#Manifest\"", SamlError.SignatureReference)]
    [InlineData("#enveloped-signature", "#base64", SamlError.SignatureTransform)]
    [InlineData("http://www.w3.org/2000/09/xmldsig#enveloped-signature", "http://www.w3.org/TR/1999/REC-xpath-19991116", SamlError.SignatureTransform)]
    [InlineData("http://www.w3.org/2000/09/xmldsig#enveloped-signature", "http://www.w3.org/TR/1999/REC-xslt-19991116", SamlError.SignatureTransform)]
    [InlineData("xml-exc-c14n#", "xml-exc-c14n#WithComments", SamlError.SignatureTransform)]
    [InlineData("http://www.w3.org/2001/10/xml-exc-c14n#", "http://www.w3.org/TR/2001/REC-xml-c14n-20010315", SamlError.SignatureTransform)]
    [InlineData("rsa-sha256", "hmac-sha256", SamlError.UnsupportedAlgorithm)]
    [InlineData("http://www.w3.org/2001/04/xmldsig-more#rsa-sha256", "http://www.w3.org/2000/09/xmldsig#hmac-sha1", SamlError.UnsupportedAlgorithm)]
    [InlineData("http://www.w3.org/2001/04/xmldsig-more#rsa-sha256", "http://www.w3.org/2000/09/xmldsig#dsa-sha1", SamlError.UnsupportedAlgorithm)]
    [InlineData("http://www.w3.org/2001/04/xmldsig-more#rsa-sha256", "http://www.w3.org/2000/09/xmldsig#rsa-sha1", SamlError.Sha1)]
    [InlineData("http://www.w3.org/2001/04/xmlenc#sha256", "http://www.w3.org/2000/09/xmldsig#sha1", SamlError.Sha1)]
    [InlineData("http://www.w3.org/2001/04/xmlenc#sha256", "http://www.w3.org/2001/04/xmldsig-more#md5", SamlError.UnsupportedAlgorithm)]
    [InlineData("rsa-sha256", "rsa-sha512", SamlError.BadSignature)]
    [InlineData("rsa-sha256", "ecdsa-sha256", SamlError.BadSignature)]
    [InlineData("</ds:Signature>", "<ds:Object></ds:Object></ds:Signature>", SamlError.SignatureForm)]
    [InlineData("<ds:SignatureValue>", "<ds:Object></ds:Object><ds:SignatureValue>", SamlError.SignatureForm)]
    [InlineData("</ds:Transforms>", "<ds:Transform Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"></ds:Transform></ds:Transforms>", SamlError.SignatureTransform)]
    [InlineData("</ds:SignedInfo>", "<ds:Reference URI=\"#_1\"></ds:Reference></ds:SignedInfo>", SamlError.SignatureForm)]
    [InlineData("<ds:SignatureValue>", "<ds:SignatureValue>!", SamlError.BadBase64)]
    [InlineData("<ds:SignatureValue>", "<ds:SignatureValue>AAAA", SamlError.BadSignature)]
    [InlineData("<ds:DigestValue>", "<ds:DigestValue>AAAA", SamlError.BadSignature)]
    public void A_changed_signature_is_refused(string from, string to, SamlError expected)
    {
        var xml = Signed();
        Assert.Contains(from, xml, StringComparison.Ordinal);
        Assert.Equal(expected, Verify(xml.Replace(from, to, StringComparison.Ordinal)));
    }

    [Fact]
    public void No_signature_two_signatures_and_one_that_is_not_a_direct_child()
    {
        Assert.Equal(SamlError.NotSigned, Verify(Xml));
        var xml = Signed();
        var (at, end) = (xml.IndexOf("<ds:Signature ", StringComparison.Ordinal), xml.IndexOf("</ds:Signature>", StringComparison.Ordinal) + "</ds:Signature>".Length);
        var signature = xml[at..end];
        Assert.Equal(SamlError.SignatureForm, Verify(xml.Insert(at, signature)));
        Assert.Equal(SamlError.NotSigned, Verify(xml.Remove(at, signature.Length).Replace("</r:X>", signature + "</r:X>", StringComparison.Ordinal)));
        Assert.Equal(SamlError.None, Verify(xml.Remove(at, signature.Length).Replace("</r:Response>", signature + "</r:Response>", StringComparison.Ordinal)));
    }

    [Fact]
    public void Hmac_with_the_public_key_as_secret_is_refused()
    {
        // The classic: a verifier that lets the message choose takes the public key for a shared secret.
        var root = SamlSignature.Sign(SamlKit.Read(Xml), SamlKit.IdpKey);
        var xml = root.ToString().Replace("rsa-sha256", "hmac-sha256", StringComparison.Ordinal);
        var info = SamlKit.Read(xml).Everything().Single(element => element.Name == "SignedInfo");
        var mac = HMACSHA256.HashData(SamlKit.IdpKey.Public.Certificate.Span, ExclusiveC14n.Write(info));
        var value = root.Everything().Single(element => element.Name == "SignatureValue").Children[0].Text!;
        Assert.Equal(SamlError.UnsupportedAlgorithm, Verify(xml.Replace(value, Convert.ToBase64String(mac), StringComparison.Ordinal)));
    }

    [Fact]
    public void Prefixes_that_come_from_outside_the_signed_element_verify_and_survive_the_detaching()
    {
        var inner = SamlSignature.Sign(SamlKit.Read("<p:A xmlns:p='urn:p' xmlns:q='urn:q' xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance' ID='_a'><p:V xsi:type='q:t' q:n='v'>x</p:V></p:A>"), SamlKit.IdpKey).ToString();
        var bare = inner.Replace(" xmlns:p=\"urn:p\" xmlns:q=\"urn:q\" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"", "", StringComparison.Ordinal);
        var outer = SamlKit.Read($"<o xmlns:p='urn:p' xmlns:q='urn:q' xmlns:unused='urn:u' xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance'>{bare}</o>");
        Assert.True(SamlSignature.TryVerify(outer.Elements().Single(), SamlKit.Trust, out var signed, out var error), error.ToString());
        Assert.Equal("v", signed.Elements("urn:p", "V").Single().Attributes.Single(one => one.Namespace == "urn:q").Value);

        // The same text where its prefixes mean something else is another document.
        var rebound = SamlKit.Read($"<o xmlns:p='urn:evil' xmlns:q='urn:q' xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance'>{bare}</o>");
        Assert.False(SamlSignature.TryVerify(rebound.Elements().Single(), SamlKit.Trust, out _, out _));
    }

    [Fact]
    public void Every_single_byte_counts()
    {
        var bytes = Encoding.UTF8.GetBytes(Signed());
        var random = new Random(11);
        var expected = SamlKit.C14n(SamlKit.Read(Xml));
        for (var i = 0; i < 2000; i++)
        {
            var changed = (byte[])bytes.Clone();
            changed[random.Next(changed.Length)] = (byte)random.Next(256);
            if (SamlXml.TryRead(changed, SamlLimits.Message, out var root, out _) && SamlSignature.TryVerify(root, SamlKit.Trust, out var signed, out _)) Assert.Equal(expected, SamlKit.C14n(signed));
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("AAAA")]
    [InlineData("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----")]
    public void Certificates_that_are_none(string text) => Assert.False(SamlPublicKey.TryRead(text, out _, out _));

    [Fact]
    public void Short_keys_and_odd_curves_are_refused()
    {
        using var small = RSA.Create(1024);
        Assert.Throws<ArgumentException>(() => SamlPrivateKey.SelfSigned(small, "x", SamlKit.Now, SamlKit.Now.AddDays(1)));
        using var odd = ECDsa.Create(ECCurve.NamedCurves.brainpoolP256r1);
        Assert.Throws<ArgumentException>(() => SamlPrivateKey.SelfSigned(odd, "x", SamlKit.Now, SamlKit.Now.AddDays(1)));
        Assert.Throws<ArgumentException>(() => new SamlPrivateKey(SamlKit.IdpKey.ToPkcs8(), SamlKit.SpKey.Public.Certificate.Span));
    }

    [Fact]
    public void A_certificate_is_read_from_pem_and_from_wrapped_base64()
    {
        Assert.True(SamlPublicKey.TryRead(SamlKit.IdpKey.Public.ToPem(), out var key, out _));
        Assert.Equal(SamlKit.IdpKey.Public.Thumbprint, key.Thumbprint);
        Assert.True(SamlPublicKey.TryRead("\r\n  " + Convert.ToBase64String(key.Certificate.Span, Base64FormattingOptions.InsertLineBreaks) + "\n", out var again, out _));
        Assert.Equal(key.NotAfter, again.NotAfter);
        Assert.Equal(SamlKit.Now.AddYears(9), again.NotAfter);
    }
}
