using System.Text;
using Gatehouse.Wire.Saml;
using Xunit;

namespace Gatehouse.Tests.Wire.Saml;

/// <summary>Another implementation, xmlsec1, signs what we verify and verifies what we signed.</summary>
public sealed class XmlsecTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("saml").FullName;

    public void Dispose() => Directory.Delete(folder, true);

    private string Put(string name, string text)
    {
        var path = Path.Combine(folder, name);
        File.WriteAllText(path, text, new UTF8Encoding(false));
        return path;
    }

    private static (bool Ok, string Said) Run(params string[] arguments)
    {
        var run = SamlKit.Xmlsec(arguments);
        Assert.SkipWhen(run is null, "xmlsec1 is not installed");
        return run!.Value;
    }

    private static string Pkcs8(SamlPrivateKey key) => System.Security.Cryptography.PemEncoding.WriteString("PRIVATE KEY", key.ToPkcs8());

    public static TheoryData<string> Documents =>
    [
        "<p:R xmlns:p='urn:p' ID='_1'>x</p:R>",
        "<p:R xmlns:p='urn:p' xmlns:q='urn:q' xmlns='urn:d' ID='_1' q:z='1' b='2' a='3'><q:x xmlns=''><y xmlns='urn:d'/></q:x><X>\u0645\U0001F600 &amp; &lt; &gt; &#13; \"'</X></p:R>",
        "<p:R xmlns:p='urn:p' ID='_1' t='&#9;&#10;&#13;&quot;&lt;&gt; &apos;'>\n <p:R xmlns:p='urn:p2' p:a='1' p:b='2'><p:S xmlns:p='urn:p'/></p:R>\n<![CDATA[<cdata>&]]></p:R>",
        "<R ID='_1' xml:lang='de' xmlns:z='urn:a' z:q='1' xmlns:a='urn:z' a:q='2'><a:i z:j='3'/></R>",
    ];

    [Theory]
    [MemberData(nameof(Documents))]
    public void It_verifies_what_we_signed(string xml)
    {
        foreach (var key in (SamlPrivateKey[])[SamlKit.IdpKey, SamlKit.EcKey])
        {
            var root = SamlKit.Read(xml);
            var file = Put("ours.xml", SamlSignature.Sign(root, key).ToString());
            var (ok, said) = Run("--verify", "--pubkey-cert-pem", Put("cert.pem", key.Public.ToPem()), "--enabled-key-data", "key-name", "--id-attr:ID", root.Name, file);
            Assert.True(ok, said);
        }
    }

    [Theory]
    [MemberData(nameof(Documents))]
    public void We_verify_what_it_signed(string xml)
    {
        foreach (var (algorithm, digest, key) in ((string, string, SamlPrivateKey)[])[(SamlAlgorithm.RsaSha256, "sha256", SamlKit.IdpKey), ("http://www.w3.org/2001/04/xmldsig-more#rsa-sha512", "sha512", SamlKit.IdpKey), (SamlAlgorithm.EcdsaSha256, "sha256", SamlKit.EcKey)])
            foreach (var prefixes in (string[])["", "<ec:InclusiveNamespaces xmlns:ec='http://www.w3.org/2001/10/xml-exc-c14n#' PrefixList='z q #default'/>"])
            {
                var template = $"<ds:Signature xmlns:ds='{SamlNames.Signature}'><ds:SignedInfo>\n<ds:CanonicalizationMethod Algorithm='http://www.w3.org/2001/10/xml-exc-c14n#'/>\n<ds:SignatureMethod Algorithm='{algorithm}'/><ds:Reference URI='#_1'><ds:Transforms><ds:Transform Algorithm='{SamlNames.Signature}enveloped-signature'/><ds:Transform Algorithm='http://www.w3.org/2001/10/xml-exc-c14n#'>{prefixes}</ds:Transform></ds:Transforms><ds:DigestMethod Algorithm='http://www.w3.org/2001/04/xmlenc#{digest}'/><ds:DigestValue/></ds:Reference></ds:SignedInfo><ds:SignatureValue/></ds:Signature>";
                var root = SamlKit.Read(xml);
                var end = xml.LastIndexOf("</", StringComparison.Ordinal);
                var signed = Path.Combine(folder, "theirs.xml");
                var (ok, said) = Run("--sign", "--privkey-pem", Put("key.pem", Pkcs8(key)), "--id-attr:ID", root.Name, "--output", signed, Put("template.xml", xml.Insert(end, template)));
                Assert.True(ok, said);
                Assert.True(SamlXml.TryRead(File.ReadAllBytes(signed), SamlLimits.Message, out var read, out var error), error.ToString());
                Assert.True(SamlSignature.TryVerify(read, SamlTrust.In(key.Public), out var inner, out error), error.ToString());
                Assert.Equal(SamlKit.C14n(SamlKit.Read(xml)), SamlKit.C14n(inner));
            }
    }
}
