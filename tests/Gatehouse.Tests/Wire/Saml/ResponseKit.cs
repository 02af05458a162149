using System.Text;
using Gatehouse.Wire.Saml;
using Xunit;

namespace Gatehouse.Tests.Wire.Saml;

/// <summary>A good response and what is expected of it; tests change one thing.</summary>
internal static class ResponseKit
{
    public const string Request = "_request";

    public static readonly SamlExpectation Expected = new() { Issuer = SamlKit.Idp, Audience = SamlKit.Sp, Recipient = SamlKit.Acs, Trust = SamlKit.Trust, RequestId = Request, Now = SamlKit.Now };

    public static readonly SamlAssertion Assertion = new()
    {
        Id = "_assertion",
        IssueInstant = SamlKit.Now,
        Issuer = SamlKit.Idp,
        Audience = SamlKit.Sp,
        Recipient = SamlKit.Acs,
        InResponseTo = Request,
        NameId = new SamlNameId("amina@example.org", SamlNames.EmailName, SamlKit.Idp, SamlKit.Sp),
        AuthnInstant = SamlKit.Now.AddMinutes(-3),
        SessionIndex = "_session",
        SessionUntil = SamlKit.Now.AddHours(8),
        Attributes =
        [
            new SamlAttributeValues("urn:oid:2.5.4.42", "givenName", SamlNames.UriAttribute, ["Amina \u0645\U0001F600"]),
            new SamlAttributeValues("groups", null, null, ["agents", "team & <lead>", ""]),
        ],
    };

    public static readonly SamlAnswer Answer = new() { Id = "_response", IssueInstant = SamlKit.Now, Issuer = SamlKit.Idp, Destination = SamlKit.Acs, InResponseTo = Request, Assertion = Assertion };

    public static string Xml(SamlSigned signed = SamlSigned.Both, SamlAssertion? assertion = null, SamlAnswer? answer = null)
        => (answer ?? Answer with { Assertion = assertion ?? Assertion }).ToXml(SamlKit.IdpKey, signed).ToString();

    /// <summary>A response whose XML is changed before it is signed.</summary>
    public static string Changed(string from, string to, SamlSigned signed = SamlSigned.Assertion)
    {
        var text = SamlKit.Unsigned(Answer.ToXml(SamlKit.IdpKey)).ToString();
        Assert.Contains(from, text, StringComparison.Ordinal);
        var root = SamlKit.Read(text.Replace(from, to, StringComparison.Ordinal));
        if (signed is SamlSigned.Assertion or SamlSigned.Both)
            foreach (var assertion in root.Elements(SamlNames.Assertion, "Assertion").ToList()) SamlSignature.Sign(assertion, SamlKit.IdpKey);
        if (signed is SamlSigned.Response or SamlSigned.Both) SamlSignature.Sign(root, SamlKit.IdpKey);
        return root.ToString();
    }

    public static SamlSubject Accept(string xml, SamlExpectation? expected = null)
    {
        Assert.True(SamlResponse.TryAccept(SamlKit.Read(xml), expected ?? Expected, out var subject, out var refusal), refusal?.ToString());
        return subject;
    }

    public static SamlRefusal Refuse(string xml, SamlExpectation? expected = null)
    {
        if (!SamlXml.TryRead(Encoding.UTF8.GetBytes(xml), SamlLimits.Message, out var root, out var error)) return new SamlRefusal(0, error);
        Assert.False(SamlResponse.TryAccept(root, expected ?? Expected, out var subject, out var refusal), subject?.NameId.Value);
        return refusal!;
    }
}
