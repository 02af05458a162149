using System.Collections.Immutable;

namespace Gatehouse.Wire.Saml;

/// <summary>What an identity provider asserts of one person to one service provider. Its times are whole: from <see cref="IssueInstant"/> on.</summary>
public sealed record SamlAssertion
{
    /// <summary>ID.</summary>
    public string Id { get; init; } = SamlWriting.NewId();

    /// <summary>When it is made.</summary>
    public required DateTimeOffset IssueInstant { get; init; }

    /// <summary>Our entity ID.</summary>
    public required string Issuer { get; init; }

    /// <summary>Entity ID of the service provider.</summary>
    public required string Audience { get; init; }

    /// <summary>Its assertion consumer's address.</summary>
    public required string Recipient { get; init; }

    /// <summary>ID of the request; null when unsolicited.</summary>
    public string? InResponseTo { get; init; }

    /// <summary>The person's name.</summary>
    public required SamlNameId NameId { get; init; }

    /// <summary>Attributes.</summary>
    public ImmutableArray<SamlAttributeValues> Attributes { get; init; } = [];

    /// <summary>How long it can be presented.</summary>
    public TimeSpan Lifetime { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>How far back it is valid, for clocks that are late.</summary>
    public TimeSpan Leeway { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>When the person proved who they are.</summary>
    public required DateTimeOffset AuthnInstant { get; init; }

    /// <summary>How.</summary>
    public string AuthnContext { get; init; } = SamlNames.PasswordProtectedTransport;

    /// <summary>Our session, for logout; null for none.</summary>
    public string? SessionIndex { get; init; }

    /// <summary>When a session that rests on it must end; null for no limit.</summary>
    public DateTimeOffset? SessionUntil { get; init; }

    /// <summary>The assertion, not signed.</summary>
    public SamlElement ToXml()
    {
        var until = SamlWriting.Time(IssueInstant + Lifetime);
        var root = SamlWriting.A("Assertion").Declare("saml", SamlNames.Assertion).With("ID", Id).With("Version", "2.0").With("IssueInstant", SamlWriting.Time(IssueInstant))
            .Add(SamlWriting.A("Issuer").Add(Issuer))
            .Add(SamlWriting.A("Subject").Add(NameId.ToXml()).Add(SamlWriting.A("SubjectConfirmation").With("Method", SamlNames.Bearer)
                .Add(SamlWriting.A("SubjectConfirmationData").With("InResponseTo", InResponseTo).With("NotOnOrAfter", until).With("Recipient", Recipient))))
            .Add(SamlWriting.A("Conditions").With("NotBefore", SamlWriting.Time(IssueInstant - Leeway)).With("NotOnOrAfter", until)
                .Add(SamlWriting.A("AudienceRestriction").Add(SamlWriting.A("Audience").Add(Audience))))
            .Add(SamlWriting.A("AuthnStatement").With("AuthnInstant", SamlWriting.Time(AuthnInstant)).With("SessionIndex", SessionIndex).With("SessionNotOnOrAfter", SamlWriting.Time(SessionUntil))
                .Add(SamlWriting.A("AuthnContext").Add(SamlWriting.A("AuthnContextClassRef").Add(AuthnContext))));
        if (Attributes.Length == 0) return root;
        var statement = SamlWriting.A("AttributeStatement");
        foreach (var attribute in Attributes)
        {
            // No xsi:type: its prefix would be a value, which exclusive canonicalisation does not see and so does not keep; a value without a type is a string to all.
            var element = SamlWriting.A("Attribute").With("Name", attribute.Name).With("NameFormat", attribute.NameFormat ?? SamlNames.BasicAttribute).With("FriendlyName", attribute.FriendlyName);
            foreach (var value in attribute.Values) element.Add(SamlWriting.A("AttributeValue").Add(SamlWriting.Clean(value)));
            statement.Add(element);
        }

        return root.Add(statement);
    }
}

/// <summary>An identity provider's answer to a request for sign-in: an assertion, or a status that says why there is none.</summary>
public sealed record SamlAnswer
{
    /// <summary>ID.</summary>
    public string Id { get; init; } = SamlWriting.NewId();

    /// <summary>When it is made.</summary>
    public required DateTimeOffset IssueInstant { get; init; }

    /// <summary>Our entity ID.</summary>
    public required string Issuer { get; init; }

    /// <summary>The service provider's assertion consumer.</summary>
    public required string Destination { get; init; }

    /// <summary>ID of the request; null when unsolicited.</summary>
    public string? InResponseTo { get; init; }

    /// <summary>How it went.</summary>
    public SamlStatus Status { get; init; } = SamlStatus.Ok;

    /// <summary>The assertion; null when it did not go well.</summary>
    public SamlAssertion? Assertion { get; init; }

    /// <summary>The response.</summary>
    /// <param name="key">Our key.</param>
    /// <param name="signed">What is signed; <see cref="SamlSigned.Either"/> signs the response.</param>
    /// <param name="receiver">Key to encrypt for; null for an assertion in the clear.</param>
    /// <param name="cipher">Cipher; null for AES-256-GCM.</param>
    public SamlElement ToXml(SamlPrivateKey key, SamlSigned signed = SamlSigned.Both, SamlPublicKey? receiver = null, SamlCipher? cipher = null)
    {
        if (Assertion is null == Status.IsSuccess) throw new InvalidOperationException("Success has an assertion, failure has none.");
        var root = SamlWriting.Message("Response", Id, IssueInstant, Destination, Issuer).With("InResponseTo", InResponseTo).Add(SamlWriting.Status(Status));
        if (Assertion is not null)
        {
            var assertion = Assertion.ToXml();
            if (signed is SamlSigned.Assertion or SamlSigned.Both) SamlSignature.Sign(assertion, key);
            root.Add(receiver is null ? assertion : SamlEncryption.Encrypt(assertion, receiver, cipher));
        }

        // A failure has no assertion that could be signed instead.
        return signed == SamlSigned.Assertion && Assertion is not null ? root : SamlSignature.Sign(root, key);
    }
}
