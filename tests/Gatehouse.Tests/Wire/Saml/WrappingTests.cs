using Gatehouse.Wire.Saml;
using Xunit;

namespace Gatehouse.Tests.Wire.Saml;

/// <summary>Signature wrapping: the eight published ways (Somorovsky and others, "On Breaking SAML", 2012) to carry a signed element along while another one is read, and the comment trick.</summary>
public sealed class WrappingTests
{
    private const string EndOfSignature = "</ds:Signature>";
    private const string EndOfAssertion = "</saml:Assertion>";

    private readonly string byAssertion = ResponseKit.Xml(SamlSigned.Assertion);
    private readonly string byResponse = ResponseKit.Xml(SamlSigned.Response);

    public static TheoryData<string> Ways => [.. Enumerable.Range(1, 8).Select(one => $"XSW{one}"), "XSW3 after", "XSW4 in the subject", "same id", "in a status detail", "signature twice", "two assertions, both signed"];

    [Theory, MemberData(nameof(Ways))]
    public void A_wrapped_message_signs_nobody_in(string way)
    {
        var xml = Wrapped(way);
        Assert.Contains("admin@example.org", xml, StringComparison.Ordinal);
        foreach (var signed in Enum.GetValues<SamlSigned>())
        {
            var refusal = ResponseKit.Refuse(xml, ResponseKit.Expected with { Signed = signed });
            Assert.NotEqual(SamlError.None, refusal.Error);
        }
    }

    [Theory]
    [InlineData("amina<!-- -->@example.org", SamlError.Comment)]
    [InlineData("amina@example.org<!---->.evil.example", SamlError.Comment)]
    [InlineData("amina<?x?>@example.org", SamlError.ProcessingInstruction)]
    [InlineData("amina&e;@example.org", SamlError.Malformed)]
    public void A_name_that_two_readers_read_in_two_ways_is_refused(string name, SamlError error)
        => Assert.Equal(new SamlRefusal(0, error), ResponseKit.Refuse(byAssertion.Replace("amina@example.org", name, StringComparison.Ordinal)));

    [Theory]
    [InlineData("<!DOCTYPE r [<!ENTITY e \"x\">]>")]
    [InlineData("<!DOCTYPE r SYSTEM \"file:///etc/passwd\">")]
    [InlineData("<!DOCTYPE r [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;\"><!ENTITY c \"&b;&b;&b;&b;&b;&b;&b;&b;\">]>")]
    [InlineData("<!DOCTYPE r [<!ATTLIST saml:Assertion ID ID #IMPLIED>]>")]
    public void A_document_type_is_refused(string type) => Assert.Equal(new SamlRefusal(0, SamlError.Doctype), ResponseKit.Refuse(type + byAssertion));

    private string Wrapped(string way)
    {
        var assertion = Part(byAssertion, "<saml:Assertion ", EndOfAssertion);
        var signature = Part(assertion, "<ds:Signature ", EndOfSignature);
        var original = assertion.Replace(signature, "", StringComparison.Ordinal);
        var evil = Evil(original);
        var whole = Part(byResponse, "<ds:Signature ", EndOfSignature);
        var bare = byResponse.Replace(whole, "", StringComparison.Ordinal);
        var evilResponse = Evil(bare.Replace("\"_response\"", "\"_evilresponse\"", StringComparison.Ordinal));
        return way switch
        {
            "XSW1" => AfterIssuer(evilResponse, Inside(whole, bare)),
            "XSW2" => AfterIssuer(evilResponse, bare + whole),
            "XSW3" => byAssertion.Replace(assertion, evil + assertion, StringComparison.Ordinal),
            "XSW3 after" => byAssertion.Replace(assertion, assertion + evil, StringComparison.Ordinal),
            "XSW4" => byAssertion.Replace(assertion, evil.Replace(EndOfAssertion, assertion + EndOfAssertion, StringComparison.Ordinal), StringComparison.Ordinal),
            "XSW4 in the subject" => byAssertion.Replace(assertion, evil.Replace("</saml:Subject>", assertion + "</saml:Subject>", StringComparison.Ordinal), StringComparison.Ordinal),
            "XSW5" => byAssertion.Replace(assertion, AfterIssuer(evil, signature) + original, StringComparison.Ordinal),
            "XSW6" => byAssertion.Replace(assertion, AfterIssuer(evil, Inside(signature, original)), StringComparison.Ordinal),
            "XSW7" => byAssertion.Replace(assertion, $"<samlp:Extensions>{evil}</samlp:Extensions>{assertion}", StringComparison.Ordinal),
            "XSW8" => byAssertion.Replace(assertion, AfterIssuer(evil, Inside(signature, $"<ds:Object>{original}</ds:Object>")), StringComparison.Ordinal),
            "same id" => byAssertion.Replace(assertion, evil.Replace("_evil", "_assertion", StringComparison.Ordinal) + assertion, StringComparison.Ordinal),
            "in a status detail" => byAssertion.Replace("</samlp:Status>", $"<samlp:StatusDetail>{evil}</samlp:StatusDetail></samlp:Status>", StringComparison.Ordinal),
            "signature twice" => byAssertion.Replace(assertion, AfterIssuer(evil, signature + signature), StringComparison.Ordinal),
            _ => byAssertion.Replace(assertion, assertion + SamlSignature.Sign(SamlKit.Read(evil), SamlKit.Attacker), StringComparison.Ordinal),
        };
    }

    private static string Evil(string xml) => xml.Replace("\"_assertion\"", "\"_evil\"", StringComparison.Ordinal).Replace("amina@example.org", "admin@example.org", StringComparison.Ordinal);

    private static string Inside(string signature, string content) => signature.Replace(EndOfSignature, content + EndOfSignature, StringComparison.Ordinal);

    private static string AfterIssuer(string xml, string content)
    {
        var at = xml.IndexOf("</saml:Issuer>", StringComparison.Ordinal) + "</saml:Issuer>".Length;
        return xml.Insert(at, content);
    }

    private static string Part(string xml, string from, string to)
    {
        var at = xml.IndexOf(from, StringComparison.Ordinal);
        return xml[at..(xml.IndexOf(to, at, StringComparison.Ordinal) + to.Length)];
    }
}
