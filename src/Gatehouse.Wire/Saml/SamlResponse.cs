using System.Diagnostics.CodeAnalysis;

namespace Gatehouse.Wire.Saml;

/// <summary>The answer to a request for sign-in, as a service provider judges it (Profiles, 4.1.4.3).</summary>
public static class SamlResponse
{
    /// <summary>Judges a response by one checklist; never throws. The steps, of which <see cref="SamlRefusal.Step"/> tells the first that failed: 1 a response of SAML 2.0; 2 its status; 3 its signature;
    /// 4 destination; 5 issuer; 6 the request that it answers; 7 its age; 8 one assertion; 9 encryption; 10 the assertion's signature; 11 the assertion's form, issuer and age; 12 name; 13 bearer confirmation;
    /// 14 conditions; 15 audience; 16 authentication statement; 17 attributes. What the caller still has to do: remember <see cref="SamlSubject.AssertionId"/>.</summary>
    public static bool TryAccept(SamlElement root, SamlExpectation expected, [NotNullWhen(true)] out SamlSubject? subject, [NotNullWhen(false)] out SamlRefusal? refusal)
    {
        var step = 1;
        SamlStatus? status = null;
        try
        {
            (subject, refusal) = (Accept(root, expected, ref step, ref status), null);
            return true;
        }
        catch (SamlException refused)
        {
            (subject, refusal) = (null, new SamlRefusal(step, refused.Error, status is { IsSuccess: false } ? status : null));
            return false;
        }
    }

    /// <summary>Judges an assertion that came by itself, as an authorization grant (RFC 7522, 3; RFC 8693, 3), by steps 9 to 17; never throws. It must be signed itself.</summary>
    public static bool TryAcceptAssertion(SamlElement root, SamlExpectation expected, [NotNullWhen(true)] out SamlSubject? subject, [NotNullWhen(false)] out SamlRefusal? refusal)
    {
        var step = 9;
        try
        {
            if (!root.Is(SamlNames.Assertion, "Assertion") || root.Everything().Skip(1).Any(one => one.Namespace == SamlNames.Assertion && one.Name is "Assertion" or "EncryptedAssertion")) throw new SamlException(SamlError.WrongMessage);
            (subject, refusal) = (Assertion(root, expected, responseSigned: false, ref step), null);
            return true;
        }
        catch (SamlException refused)
        {
            (subject, refusal) = (null, new SamlRefusal(step, refused.Error));
            return false;
        }
    }

    private static SamlSubject Accept(SamlElement root, SamlExpectation expected, ref int step, ref SamlStatus? status)
    {
        SamlReading.Root(root, SamlNames.Protocol, "Response");

        // 2: a failure refuses, whoever sent it; success alone proves nothing yet.
        step = 2;
        status = SamlReading.Status(root);
        if (!status.IsSuccess) throw new SamlException(SamlError.StatusNotSuccess);

        // 3: from here on a signed response is read from the bytes that were signed.
        step = 3;
        var isSigned = SamlSignature.IsPresent(root);
        if (!isSigned && expected.Signed is SamlSigned.Response or SamlSigned.Both) throw new SamlException(SamlError.NotSigned);
        var response = isSigned ? SamlSignature.Verify(root, expected.Trust) : root;

        // 4: a signed response must name its destination (Bindings, 3.5.5.2), so that it cannot be sent on to us.
        step = 4;
        if (response["Destination"] is { Length: > 0 } destination ? destination != expected.Recipient : isSigned) throw new SamlException(SamlError.WrongDestination);

        step = 5;
        if (SamlReading.Issuer(response) is { } issuer && issuer != expected.Issuer) throw new SamlException(SamlError.WrongIssuer);

        step = 6;
        InResponseTo(response["InResponseTo"], expected);

        step = 7;
        Age(response, expected);

        // 8: one, and nowhere else in the message is a second, which somebody might read instead. The original is searched: it has what the signature's element may hide.
        step = 8;
        var all = root.Everything().Where(one => one.Namespace == SamlNames.Assertion && one.Name is "Assertion" or "EncryptedAssertion").Take(2).ToList();
        if (all.Count == 0) throw new SamlException(SamlError.NoAssertion);
        if (all.Count > 1 || all[0].Parent != root) throw new SamlException(SamlError.ManyAssertions);
        var assertion = all[0];

        step = 9;
        var isEncrypted = assertion.Name == "EncryptedAssertion";
        if (!isEncrypted && expected.RequireEncrypted) throw new SamlException(SamlError.NotEncrypted);
        if (!isEncrypted) return Assertion(assertion, expected, isSigned, ref step);
        assertion = SamlEncryption.Decrypt(assertion, expected.Decryption ?? throw new SamlException(SamlError.DecryptionFailed), vouched: isSigned);
        try
        {
            if (!assertion.Is(SamlNames.Assertion, "Assertion") || assertion.Everything().Skip(1).Any(one => one.Namespace == SamlNames.Assertion && one.Name is "Assertion" or "EncryptedAssertion")) throw new SamlException(SamlError.Malformed);
            return Assertion(assertion, expected, isSigned, ref step);
        }
        catch (SamlException) when (!isSigned && step <= 10)
        {
            // Nobody vouched for the cipher text: what is wrong inside would tell its sender what it opens to.
            step = 9;
            throw new SamlException(SamlError.DecryptionFailed);
        }
    }

    private static SamlSubject Assertion(SamlElement original, SamlExpectation expected, bool responseSigned, ref int step)
    {
        // 10: verified where it stands, so that prefixes from around it are there; read from the bytes that were signed.
        step = 10;
        var isSigned = SamlSignature.IsPresent(original);
        if (!isSigned && (!responseSigned || expected.Signed is SamlSigned.Assertion or SamlSigned.Both)) throw new SamlException(SamlError.NotSigned);
        var assertion = isSigned ? SamlSignature.Verify(original, expected.Trust) : original;

        step = 11;
        SamlReading.Root(assertion, SamlNames.Assertion, "Assertion");
        if (SamlReading.Issuer(assertion) != expected.Issuer) throw new SamlException(SamlError.WrongIssuer);
        Age(assertion, expected);
        return AssertionReading.Read(assertion, expected, ref step);
    }

    internal static void InResponseTo(string? answered, SamlExpectation expected)
    {
        if (expected.RequestId is null && answered is null)
        {
            if (!expected.AllowUnsolicited) throw new SamlException(SamlError.Unsolicited);
        }
        else if (answered != expected.RequestId)
        {
            throw new SamlException(SamlError.WrongInResponseTo);
        }
    }

    private static void Age(SamlElement element, SamlExpectation expected)
    {
        var issued = SamlReading.RequiredTime(element, "IssueInstant");
        if (issued > expected.Now + expected.Skew || issued <= expected.Now - expected.MaxAge - expected.Skew) throw new SamlException(SamlError.WrongIssueInstant);
    }
}
