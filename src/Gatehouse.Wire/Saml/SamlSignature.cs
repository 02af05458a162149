using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

namespace Gatehouse.Wire.Saml;

/// <summary>
/// The enveloped signature of a SAML element (Core, 5.4). Verified, it yields a fresh document read from the very bytes that were signed: whatever else stood in the
/// message (signature wrapping, XSW) cannot be reached from it.
/// </summary>
public static class SamlSignature
{
    /// <summary>Whether an element carries a signature as its direct child. Says nothing about its worth.</summary>
    public static bool IsPresent(SamlElement element) => element.Elements(SamlNames.Signature, "Signature").Any();

    /// <summary>Verifies an element's signature; never throws.</summary>
    /// <param name="element">The element that must be signed.</param>
    /// <param name="trust">Believed keys.</param>
    /// <param name="signed">What was signed and nothing else, without the signature.</param>
    /// <param name="error">Why not.</param>
    public static bool TryVerify(SamlElement element, SamlTrust trust, [NotNullWhen(true)] out SamlElement? signed, out SamlError error)
    {
        try
        {
            (signed, error) = (Verify(element, trust), SamlError.None);
            return true;
        }
        catch (SamlException refused)
        {
            (signed, error) = (null, refused.Error);
            return false;
        }
    }

    internal static SamlElement Verify(SamlElement element, SamlTrust trust, SamlLimits? limits = null)
    {
        var signatures = element.Elements(SamlNames.Signature, "Signature").ToList();
        if (signatures.Count == 0) throw new SamlException(SamlError.NotSigned);
        if (signatures.Count > 1) throw new SamlException(SamlError.SignatureForm);
        var signature = signatures[0];

        // SignedInfo, SignatureValue and perhaps KeyInfo, which is not read. An Object could carry a second document along.
        var parts = signature.Parts();
        if (parts.Count is < 2 or > 3 || !Ds(parts[0], "SignedInfo") || !Ds(parts[1], "SignatureValue") || (parts.Count == 3 && !Ds(parts[2], "KeyInfo"))) throw new SamlException(SamlError.SignatureForm);
        var info = parts[0].Parts();
        if (info.Count != 3 || !Ds(info[0], "CanonicalizationMethod") || !Ds(info[1], "SignatureMethod") || !Ds(info[2], "Reference")) throw new SamlException(SamlError.SignatureForm);
        var infoPrefixes = C14n(info[0]);
        var algorithm = SamlAlgorithm.Find(Method(info[1]), trust.AllowSha1);

        var reference = info[2].Parts();
        if (reference.Count != 3 || !Ds(reference[0], "Transforms") || !Ds(reference[1], "DigestMethod") || !Ds(reference[2], "DigestValue")) throw new SamlException(SamlError.SignatureForm);
        if (element["ID"] is not { Length: > 0 } id || info[2]["URI"] != "#" + id || info[2]["Type"] is not null) throw new SamlException(SamlError.SignatureReference);
        var transforms = reference[0].Parts();
        if (transforms.Count != 2 || !Ds(transforms[0], "Transform") || !Ds(transforms[1], "Transform") || Method(transforms[0]) != SamlNames.Enveloped) throw new SamlException(SamlError.SignatureTransform);
        var prefixes = C14n(transforms[1]);
        var hash = SamlAlgorithm.FindDigest(Method(reference[1]), trust.AllowSha1);

        // The key first: without it no stranger makes us canonicalise half a megabyte.
        trust.Verify(algorithm, ExclusiveC14n.Write(parts[0], infoPrefixes), SamlBase64.Decode(parts[1].Text()));
        limits ??= SamlLimits.Message;
        var canonical = ExclusiveC14n.Write(element, prefixes, without: signature, most: limits.Bytes * 4);
        if (!CryptographicOperations.FixedTimeEquals(CryptographicOperations.HashData(hash, canonical), SamlBase64.Decode(reference[2].Text()))) throw new SamlException(SamlError.BadSignature);
        return SamlXml.Read(canonical, limits with { Bytes = int.MaxValue });
    }

    /// <summary>Signs an element, which must have an ID and be complete: the signature is put where the schemas want it, after the issuer if there is one, else first.</summary>
    public static SamlElement Sign(SamlElement element, SamlPrivateKey key)
    {
        var id = element["ID"] ?? throw new ArgumentException("Only an element with an ID can be signed.", nameof(element));
        var digest = SHA256.HashData(ExclusiveC14n.Write(element));
        var info = New("SignedInfo")
            .Add(Algorithm("CanonicalizationMethod", SamlNames.ExclusiveC14n))
            .Add(Algorithm("SignatureMethod", key.Algorithm.Uri))
            .Add(New("Reference").With("URI", "#" + id)
                .Add(New("Transforms").Add(Algorithm("Transform", SamlNames.Enveloped)).Add(Algorithm("Transform", SamlNames.ExclusiveC14n)))
                .Add(Algorithm("DigestMethod", SamlAlgorithm.Sha256))
                .Add(New("DigestValue").Add(Convert.ToBase64String(digest))));
        var value = Convert.ToBase64String(key.Sign(ExclusiveC14n.Write(info)));
        var signature = New("Signature").Declare("ds", SamlNames.Signature).Add(info).Add(New("SignatureValue").Add(value))
            .Add(New("KeyInfo").Add(New("X509Data").Add(New("X509Certificate").Add(Convert.ToBase64String(key.Public.Certificate.Span)))));
        var issuer = element.Children.ToList().FindIndex(child => child.Element?.Is(SamlNames.Assertion, "Issuer") == true);
        return element.Insert(issuer + 1, signature);
    }

    internal static SamlElement New(string name) => new("ds", name, SamlNames.Signature);

    internal static SamlElement Algorithm(string name, string uri) => New(name).With("Algorithm", uri);

    private static bool Ds(SamlElement element, string name) => element.Is(SamlNames.Signature, name);

    // An algorithm without parameters.
    private static string? Method(SamlElement element) => element.Parts().Count == 0 ? element["Algorithm"] : throw new SamlException(SamlError.UnsupportedAlgorithm);

    private static string[] C14n(SamlElement element)
    {
        if (element["Algorithm"] != SamlNames.ExclusiveC14n) throw new SamlException(SamlError.SignatureTransform);
        var parts = element.Parts();
        if (parts.Count == 0) return [];
        if (parts.Count > 1 || !parts[0].Is(SamlNames.ExclusiveC14n, "InclusiveNamespaces")) throw new SamlException(SamlError.SignatureTransform);
        var prefixes = (parts[0]["PrefixList"] ?? "").Split([' ', '\t', '\r', '\n'], StringSplitOptions.RemoveEmptyEntries);
        return prefixes.Length <= 32 ? prefixes : throw new SamlException(SamlError.TooLarge);
    }
}
