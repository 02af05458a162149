using Gatehouse.Wire.Saml;
using Xunit;

namespace Gatehouse.Tests.Wire.Saml;

public sealed class ResponseTests
{
    [Theory]
    [InlineData(SamlSigned.Both)]
    [InlineData(SamlSigned.Response)]
    [InlineData(SamlSigned.Assertion)]
    [InlineData(SamlSigned.Either)]
    public void A_good_response_says_who_it_is(SamlSigned signed)
    {
        var subject = ResponseKit.Accept(ResponseKit.Xml(signed));
        Assert.Equal(ResponseKit.Assertion.NameId, subject.NameId);
        Assert.Equal(["Amina \u0645\U0001F600"], subject["givenName"]);
        Assert.Equal(["Amina \u0645\U0001F600"], subject["urn:oid:2.5.4.42"]);
        Assert.Equal(["agents", "team & <lead>", ""], subject["groups"]);
        Assert.Empty(subject["none"]);
        Assert.Equal("_session", subject.SessionIndex);
        Assert.Equal(SamlKit.Now.AddHours(8), subject.SessionUntil);
        Assert.Equal(SamlKit.Now.AddMinutes(-3), subject.AuthnInstant);
        Assert.Equal(SamlNames.PasswordProtectedTransport, subject.AuthnContext);
        Assert.Equal(ResponseKit.Request, subject.InResponseTo);
        Assert.Equal(SamlKit.Idp, subject.Issuer);
        Assert.Equal("_assertion", subject.AssertionId);
        Assert.Equal(SamlKit.Now.AddMinutes(11), subject.ReplayUntil);
    }

    [Theory]
    [InlineData(SamlSigned.Response, SamlSigned.Assertion, 10)]
    [InlineData(SamlSigned.Response, SamlSigned.Both, 10)]
    [InlineData(SamlSigned.Assertion, SamlSigned.Response, 3)]
    [InlineData(SamlSigned.Assertion, SamlSigned.Both, 3)]
    public void What_must_be_signed_is_a_setting(SamlSigned signed, SamlSigned wanted, int step)
        => Assert.Equal(new SamlRefusal(step, SamlError.NotSigned), ResponseKit.Refuse(ResponseKit.Xml(signed), ResponseKit.Expected with { Signed = wanted }));

    [Fact]
    public void A_response_without_any_signature_is_refused()
    {
        var xml = ResponseKit.Xml();
        while (xml.IndexOf("<ds:Signature ", StringComparison.Ordinal) is var at and >= 0) xml = xml.Remove(at, xml.IndexOf("</ds:Signature>", StringComparison.Ordinal) + "</ds:Signature>".Length - at);
        foreach (var wanted in Enum.GetValues<SamlSigned>()) Assert.Equal(SamlError.NotSigned, ResponseKit.Refuse(xml, ResponseKit.Expected with { Signed = wanted }).Error);
    }

    [Fact]
    public void A_bad_signature_beside_a_good_one_is_refused()
    {
        var attacker = ResponseKit.Answer.ToXml(SamlKit.Attacker, SamlSigned.Both).ToString();
        Assert.Equal(3, ResponseKit.Refuse(attacker).Step);
        var assertion = SamlKit.Read(ResponseKit.Xml(SamlSigned.Assertion));
        Assert.Equal(new SamlRefusal(3, SamlError.BadSignature), ResponseKit.Refuse(SamlSignature.Sign(assertion, SamlKit.Attacker).ToString()));
        var inner = ResponseKit.Answer.ToXml(SamlKit.Attacker, SamlSigned.Assertion);
        Assert.Equal(new SamlRefusal(10, SamlError.BadSignature), ResponseKit.Refuse(SamlSignature.Sign(inner, SamlKit.IdpKey).ToString()));
    }

    [Theory]
    [InlineData("Destination=\"https://gate.example/realms/main/saml/acs\"", "Destination=\"https://other.example/\"", 4, SamlError.WrongDestination)]
    [InlineData("<saml:Issuer>https://idp.example/saml</saml:Issuer><samlp:Status>", "<saml:Issuer>https://evil.example</saml:Issuer><samlp:Status>", 5, SamlError.WrongIssuer)]
    [InlineData("<saml:Issuer>https://idp.example/saml</saml:Issuer><samlp:Status>", "<saml:Issuer></saml:Issuer><samlp:Status>", 5, SamlError.WrongIssuer)]
    [InlineData("<saml:Issuer>https://idp.example/saml</saml:Issuer><samlp:Status>", "<saml:Issuer Format=\"urn:x\">https://idp.example/saml</saml:Issuer><samlp:Status>", 5, SamlError.WrongIssuer)]
    [InlineData("<saml:Issuer>https://idp.example/saml</saml:Issuer><saml:Subject>", "<saml:Issuer>https://evil.example</saml:Issuer><saml:Subject>", 11, SamlError.WrongIssuer)]
    [InlineData("<saml:Issuer>https://idp.example/saml</saml:Issuer><saml:Subject>", "<saml:Subject>", 11, SamlError.WrongIssuer)]
    [InlineData(" InResponseTo=\"_request\"><saml:Issuer>", " InResponseTo=\"_other\"><saml:Issuer>", 6, SamlError.WrongInResponseTo)]
    [InlineData(" InResponseTo=\"_request\"><saml:Issuer>", "><saml:Issuer>", 6, SamlError.WrongInResponseTo)]
    [InlineData("ConfirmationData InResponseTo=\"_request\"", "ConfirmationData InResponseTo=\"_other\"", 13, SamlError.WrongInResponseTo)]
    [InlineData("ConfirmationData InResponseTo=\"_request\"", "ConfirmationData", 13, SamlError.WrongInResponseTo)]
    [InlineData("Recipient=\"https://gate.example/realms/main/saml/acs\"", "Recipient=\"https://other.example/\"", 13, SamlError.WrongRecipient)]
    [InlineData("Recipient=\"https://gate.example/realms/main/saml/acs\"", "", 13, SamlError.WrongRecipient)]
    [InlineData("Recipient=", "NotBefore=\"2020-01-01T00:00:00Z\" Recipient=", 13, SamlError.ConfirmationExpired)]
    [InlineData("cm:bearer", "cm:sender-vouches", 13, SamlError.NoBearer)]
    [InlineData("<saml:Audience>https://gate.example/realms/main/saml</saml:Audience>", "<saml:Audience>https://other.example</saml:Audience>", 15, SamlError.WrongAudience)]
    [InlineData("<saml:Audience>https://gate.example/realms/main/saml</saml:Audience>", "", 15, SamlError.WrongAudience)]
    [InlineData("<saml:Audience>https://gate.example/realms/main/saml</saml:Audience></saml:AudienceRestriction>", "<saml:Audience>https://gate.example/realms/main/saml</saml:Audience></saml:AudienceRestriction><saml:AudienceRestriction><saml:Audience>x</saml:Audience></saml:AudienceRestriction>", 15, SamlError.WrongAudience)]
    [InlineData("</saml:Conditions>", "<saml:Condition></saml:Condition></saml:Conditions>", 14, SamlError.UnknownCondition)]
    [InlineData("</saml:Conditions>", "</saml:Conditions><saml:Conditions></saml:Conditions>", 14, SamlError.Malformed)]
    [InlineData("amina@example.org", "", 12, SamlError.NoSubject)]
    [InlineData("amina@example.org", " amina@example.org", 12, SamlError.NoSubject)]
    [InlineData("amina@example.org", "amina@example.org\n", 12, SamlError.NoSubject)]
    [InlineData("amina@example.org", "amina<saml:X></saml:X>@example.org", 12, SamlError.Malformed)]
    [InlineData("amina@example.org</saml:NameID>", "amina@example.org</saml:NameID><saml:NameID>admin</saml:NameID>", 12, SamlError.Malformed)]
    [InlineData("saml:AuthnStatement", "saml:AuthzDecisionStatement", 16, SamlError.SessionExpired)]
    [InlineData("Version=\"2.0\"", "Version=\"1.1\"", 1, SamlError.WrongVersion)]
    [InlineData("samlp:Response", "samlp:LogoutResponse", 1, SamlError.WrongMessage)]
    [InlineData("samlp:Status>", "samlp:State>", 2, SamlError.Malformed)]
    [InlineData("AuthnInstant=\"2026-03-04T05:03:07.000Z\"", "AuthnInstant=\"2026-03-04T05:03:07\"", 16, SamlError.Malformed)]
    [InlineData("AuthnInstant=\"2026-03-04T05:03:07.000Z\"", "AuthnInstant=\"tomorrow\"", 16, SamlError.Malformed)]
    [InlineData(" Name=\"groups\"", "", 17, SamlError.Malformed)]
    public void One_thing_wrong_is_one_code(string from, string to, int step, SamlError error) => Assert.Equal(new SamlRefusal(step, error), ResponseKit.Refuse(ResponseKit.Changed(from, to)));

    [Fact]
    public void A_signed_response_must_name_its_destination_an_unsigned_one_may_leave_it()
    {
        const string Destination = " Destination=\"https://gate.example/realms/main/saml/acs\"";
        Assert.Equal(new SamlRefusal(4, SamlError.WrongDestination), ResponseKit.Refuse(ResponseKit.Changed(Destination, "", SamlSigned.Response)));
        ResponseKit.Accept(ResponseKit.Changed(Destination, ""));
    }

    [Fact]
    public void Another_confirmation_that_fits_is_enough()
        => ResponseKit.Accept(ResponseKit.Changed("<saml:SubjectConfirmation ", "<saml:SubjectConfirmation Method=\"urn:oasis:names:tc:SAML:2.0:cm:bearer\"></saml:SubjectConfirmation><saml:SubjectConfirmation "));

    [Fact]
    public void A_failure_says_why()
    {
        var answer = ResponseKit.Answer with { Assertion = null, Status = new SamlStatus(SamlNames.Responder, SamlNames.AuthnFailed, "the person gave up") };
        Assert.Equal(new SamlRefusal(2, SamlError.StatusNotSuccess, answer.Status), ResponseKit.Refuse(ResponseKit.Xml(answer: answer)));
        Assert.Equal(new SamlRefusal(2, SamlError.StatusNotSuccess, new SamlStatus(SamlNames.Requester)), ResponseKit.Refuse(ResponseKit.Changed(SamlNames.Success, SamlNames.Requester)));
    }

    [Fact]
    public void Unsolicited_answers_are_taken_by_setting_only()
    {
        var xml = ResponseKit.Xml(answer: ResponseKit.Answer with { InResponseTo = null, Assertion = ResponseKit.Assertion with { InResponseTo = null } });
        var none = ResponseKit.Expected with { RequestId = null };
        Assert.Equal(new SamlRefusal(6, SamlError.Unsolicited), ResponseKit.Refuse(xml, none));
        Assert.Null(ResponseKit.Accept(xml, none with { AllowUnsolicited = true }).InResponseTo);
        Assert.Equal(new SamlRefusal(6, SamlError.WrongInResponseTo), ResponseKit.Refuse(xml, ResponseKit.Expected with { AllowUnsolicited = true }));
        Assert.Equal(new SamlRefusal(6, SamlError.WrongInResponseTo), ResponseKit.Refuse(ResponseKit.Xml(), none with { AllowUnsolicited = true }));

        // The outer one is nobody's word when only the assertion is signed: the inner one counts.
        var stripped = ResponseKit.Xml(SamlSigned.Assertion).Replace(" InResponseTo=\"_request\"><saml:Issuer>", "><saml:Issuer>", StringComparison.Ordinal);
        Assert.Equal(new SamlRefusal(13, SamlError.WrongInResponseTo), ResponseKit.Refuse(stripped, none with { AllowUnsolicited = true }));
    }

    // Offsets from the issue instant in milliseconds, with a minute of skew: the confirmation ends at +5 min, the conditions begin at -30 s, the response ages at +10 min.
    [Theory]
    [InlineData(0, 0, SamlError.None)]
    [InlineData(-60_000, 0, SamlError.None)]
    [InlineData(-60_001, 7, SamlError.WrongIssueInstant)]
    [InlineData(359_999, 0, SamlError.None)]
    [InlineData(360_000, 13, SamlError.ConfirmationExpired)]
    [InlineData(659_999, 13, SamlError.ConfirmationExpired)]
    [InlineData(660_000, 7, SamlError.WrongIssueInstant)]
    public void Times_at_their_borders(int offset, int step, SamlError error) => At(ResponseKit.Xml(), offset, step, error);

    [Theory]
    [InlineData("Conditions NotBefore=\"2026-03-04T05:05:37.000Z\" NotOnOrAfter=\"2026-03-04T05:11:07.000Z\"", "Conditions NotBefore=\"2026-03-04T05:07:07Z\"", -1, 14, SamlError.NotYetValid)]
    [InlineData("Conditions NotBefore=\"2026-03-04T05:05:37.000Z\" NotOnOrAfter=\"2026-03-04T05:11:07.000Z\"", "Conditions NotBefore=\"2026-03-04T05:07:07Z\"", 0, 0, SamlError.None)]
    [InlineData("Conditions NotBefore=\"2026-03-04T05:05:37.000Z\" NotOnOrAfter=\"2026-03-04T05:11:07.000Z\"", "Conditions NotOnOrAfter=\"2026-03-04T05:06:07Z\"", 59_999, 0, SamlError.None)]
    [InlineData("Conditions NotBefore=\"2026-03-04T05:05:37.000Z\" NotOnOrAfter=\"2026-03-04T05:11:07.000Z\"", "Conditions NotOnOrAfter=\"2026-03-04T05:06:07Z\"", 60_000, 14, SamlError.Expired)]
    [InlineData("SessionNotOnOrAfter=\"2026-03-04T13:06:07.000Z\"", "SessionNotOnOrAfter=\"2026-03-04T05:06:07.000000000Z\"", 59_999, 0, SamlError.None)]
    [InlineData("SessionNotOnOrAfter=\"2026-03-04T13:06:07.000Z\"", "SessionNotOnOrAfter=\"2026-03-04T06:06:07+01:00\"", 60_000, 16, SamlError.SessionExpired)]
    [InlineData("AuthnInstant=\"2026-03-04T05:03:07.000Z\"", "AuthnInstant=\"2026-03-04T05:07:07Z\"", 0, 0, SamlError.None)]
    [InlineData("AuthnInstant=\"2026-03-04T05:03:07.000Z\"", "AuthnInstant=\"2026-03-04T05:07:07Z\"", -1, 16, SamlError.SessionExpired)]
    [InlineData("NotOnOrAfter=\"2026-03-04T05:11:07.000Z\" Recipient", "Recipient", 0, 13, SamlError.ConfirmationExpired)]
    [InlineData("NotOnOrAfter=\"2026-03-04T05:11:07.000Z\" Recipient", "NotOnOrAfter=\"9999-12-31T23:59:59.9999999Z\" Recipient", 0, 0, SamlError.None)]
    [InlineData("NotOnOrAfter=\"2026-03-04T05:11:07.000Z\" Recipient", "NotOnOrAfter=\"0001-01-01T00:00:00+14:00\" Recipient", 0, 13, SamlError.Malformed)]
    public void Other_times_at_their_borders(string from, string to, int offset, int step, SamlError error) => At(ResponseKit.Changed(from, to), offset, step, error);

    private static void At(string xml, int offset, int step, SamlError error)
    {
        var expected = ResponseKit.Expected with { Now = SamlKit.Now.AddMilliseconds(offset) };
        if (step == 0) ResponseKit.Accept(xml, expected);
        else Assert.Equal(new SamlRefusal(step, error), ResponseKit.Refuse(xml, expected));
    }

    [Fact]
    public void A_sign_in_long_ago_is_refused_where_a_fresh_one_is_wanted()
    {
        Assert.Equal(new SamlRefusal(16, SamlError.SessionExpired), ResponseKit.Refuse(ResponseKit.Xml(), ResponseKit.Expected with { MaxAuthnAge = TimeSpan.FromMinutes(2) }));
        ResponseKit.Accept(ResponseKit.Xml(), ResponseKit.Expected with { MaxAuthnAge = TimeSpan.FromMinutes(2.1) });
    }

    [Fact]
    public void Odd_attribute_values()
    {
        var subject = ResponseKit.Accept(ResponseKit.Changed("<saml:AttributeValue>agents</saml:AttributeValue>",
            "<saml:AttributeValue xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:nil=\"true\"></saml:AttributeValue><saml:AttributeValue><saml:NameID>inner</saml:NameID></saml:AttributeValue><saml:AttributeValue><x></x></saml:AttributeValue>"));
        Assert.Equal(["inner", "team & <lead>", ""], subject["groups"]);
    }

    [Fact]
    public void A_friendly_name_never_hides_a_name()
    {
        var subject = ResponseKit.Accept(ResponseKit.Changed("FriendlyName=\"givenName\"", "FriendlyName=\"groups\""));
        Assert.Equal(["agents", "team & <lead>", ""], subject["groups"]);
    }

    [Fact]
    public void Names_that_xml_cannot_carry_are_not_written_and_attributes_are_cleaned()
    {
        Assert.Throws<InvalidOperationException>(() => ResponseKit.Xml(assertion: ResponseKit.Assertion with { NameId = new SamlNameId("a\u0001b") }));
        Assert.Throws<InvalidOperationException>(() => ResponseKit.Xml(assertion: ResponseKit.Assertion with { NameId = new SamlNameId("") }));
        var subject = ResponseKit.Accept(ResponseKit.Xml(assertion: ResponseKit.Assertion with { Attributes = [new SamlAttributeValues("a", null, null, ["x\u0000\ud800y\U0001F600\r\n\t"])] }));
        Assert.Equal(["x\uFFFD\uFFFDy\U0001F600\r\n\t"], subject["a"]);
    }

    [Fact]
    public void No_change_of_a_byte_signs_in_somebody_else()
    {
        foreach (var signed in (SamlSigned[])[SamlSigned.Response, SamlSigned.Assertion])
        {
            var bytes = System.Text.Encoding.UTF8.GetBytes(ResponseKit.Xml(signed));
            var random = new Random(5);
            for (var i = 0; i < 3000; i++)
            {
                var changed = bytes.ToList();
                for (var j = 0; j <= i % 3; j++)
                {
                    var at = random.Next(changed.Count);
                    switch (random.Next(3))
                    {
                        case 0: changed[at] = (byte)random.Next(256); break;
                        case 1: changed.RemoveRange(at, Math.Min(random.Next(1, 200), changed.Count - at)); break;
                        default: changed.InsertRange(at, changed.GetRange(random.Next(changed.Count / 2), random.Next(1, 400))); break;
                    }
                }

                if (!SamlXml.TryRead([.. changed], SamlLimits.Message, out var root, out _) || !SamlResponse.TryAccept(root, ResponseKit.Expected, out var subject, out _)) continue;
                Assert.Equal(ResponseKit.Assertion.NameId, subject.NameId);
                Assert.Equal(["agents", "team & <lead>", ""], subject["groups"]);
            }
        }
    }
}
