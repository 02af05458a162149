using System.Collections.Immutable;

namespace Gatehouse.Wire.Saml;

/// <summary>Steps 12 to 17 of the checklist: from an assertion whose origin is proven to whom it is about.</summary>
internal static class AssertionReading
{
    private const string Saml = SamlNames.Assertion;
    private const int MostValues = 2000;

    public static SamlSubject Read(SamlElement assertion, SamlExpectation expected, ref int step)
    {
        step = 12;
        var subject = assertion.Only(Saml, "Subject") ?? throw new SamlException(SamlError.NoSubject);
        var name = SamlNameId.Read(subject) ?? throw new SamlException(SamlError.NoSubject);

        step = 13;
        var inResponseTo = Confirm(subject, expected);

        step = 14;
        var conditions = assertion.Only(Saml, "Conditions");
        if (conditions is not null) Conditions(conditions, expected);

        // 15: each restriction must name us; an assertion without any is for everybody, so for somebody else too.
        step = 15;
        var restrictions = conditions?.Elements(Saml, "AudienceRestriction").ToList() ?? [];
        if (restrictions.Count == 0 || !restrictions.TrueForAll(one => one.Elements(Saml, "Audience").Any(audience => audience.Value() == expected.Audience))) throw new SamlException(SamlError.WrongAudience);

        step = 16;
        var statement = Statement(assertion, expected);
        var context = statement.Only(Saml, "AuthnContext");

        step = 17;
        return new SamlSubject
        {
            NameId = name,
            Issuer = expected.Issuer,
            Attributes = Attributes(assertion),
            AuthnInstant = SamlReading.RequiredTime(statement, "AuthnInstant"),
            AuthnContext = context?.Only(Saml, "AuthnContextClassRef")?.Value(),
            AuthenticatingAuthorities = context is null ? [] : [.. context.Elements(Saml, "AuthenticatingAuthority").Select(one => one.Value())],
            SessionIndex = statement["SessionIndex"],
            SessionUntil = SamlReading.Time(statement, "SessionNotOnOrAfter"),
            InResponseTo = inResponseTo,
            AssertionId = SamlReading.Required(assertion, "ID"),
            ReplayUntil = SamlReading.RequiredTime(assertion, "IssueInstant") + expected.MaxAge + expected.Skew,
        };
    }

    // One bearer confirmation that fits is enough (Profiles, 4.1.4.3); when none does, the first one's fault is told.
    private static string? Confirm(SamlElement subject, SamlExpectation expected)
    {
        SamlException? fault = null;
        foreach (var confirmation in subject.Elements(Saml, "SubjectConfirmation").Where(one => one["Method"] == SamlNames.Bearer))
        {
            try
            {
                var data = confirmation.Only(Saml, "SubjectConfirmationData") ?? throw new SamlException(SamlError.WrongRecipient);
                if (data["Recipient"] != expected.Recipient) throw new SamlException(SamlError.WrongRecipient);
                if (SamlReading.Time(data, "NotOnOrAfter") is not { } until || until <= expected.Now - expected.Skew || data["NotBefore"] is not null) throw new SamlException(SamlError.ConfirmationExpired);

                // The response's own InResponseTo is nobody's word when only the assertion is signed.
                SamlResponse.InResponseTo(data["InResponseTo"], expected);
                return data["InResponseTo"];
            }
            catch (SamlException refused)
            {
                fault ??= refused;
            }
        }

        throw fault ?? new SamlException(SamlError.NoBearer);
    }

    private static void Conditions(SamlElement conditions, SamlExpectation expected)
    {
        if (SamlReading.Time(conditions, "NotBefore") is { } from && from > expected.Now + expected.Skew) throw new SamlException(SamlError.NotYetValid);
        if (SamlReading.Time(conditions, "NotOnOrAfter") is { } until && until <= expected.Now - expected.Skew) throw new SamlException(SamlError.Expired);

        // One that we do not know makes the assertion's worth unknown (Core, 2.5.1.1). OneTimeUse holds anyway: the caller remembers the ID.
        if (conditions.Parts().Exists(one => one.Namespace != Saml || one.Name is not ("AudienceRestriction" or "OneTimeUse" or "ProxyRestriction"))) throw new SamlException(SamlError.UnknownCondition);
    }

    private static SamlElement Statement(SamlElement assertion, SamlExpectation expected)
    {
        // Several are allowed and nobody sends them; the first that still counts is taken.
        foreach (var statement in assertion.Elements(Saml, "AuthnStatement"))
        {
            var instant = SamlReading.RequiredTime(statement, "AuthnInstant");
            if (SamlReading.Time(statement, "SessionNotOnOrAfter") is { } until && until <= expected.Now - expected.Skew) continue;
            if (instant > expected.Now + expected.Skew || (expected.MaxAuthnAge is { } age && instant <= expected.Now - expected.Skew - age)) continue;
            return statement;
        }

        throw new SamlException(SamlError.SessionExpired);
    }

    private static ImmutableArray<SamlAttributeValues> Attributes(SamlElement assertion)
    {
        var found = ImmutableArray.CreateBuilder<SamlAttributeValues>();
        var count = 0;
        foreach (var attribute in assertion.Elements(Saml, "AttributeStatement").SelectMany(one => one.Elements(Saml, "Attribute")))
        {
            var values = ImmutableArray.CreateBuilder<string>();
            foreach (var value in attribute.Elements(Saml, "AttributeValue"))
            {
                if (++count > MostValues) throw new SamlException(SamlError.TooLarge);
                if (Text(value) is { } text) values.Add(text);
            }

            found.Add(new SamlAttributeValues(SamlReading.Required(attribute, "Name"), attribute["FriendlyName"], attribute["NameFormat"], values.ToImmutable()));
        }

        return found.ToImmutable();
    }

    // A text, or a name identifier as eduPersonTargetedID has it; anything else is no value that a mapping could use.
    private static string? Text(SamlElement value)
    {
        if (value.Attributes.Any(one => one.Namespace == SamlNames.SchemaInstance && one.Name == "nil" && one.Value is "true" or "1")) return null;
        if (!value.Elements().Any()) return value.Text();
        return value.Parts() is [var inner] && inner.Is(Saml, "NameID") && !inner.Elements().Any() ? inner.Value() : null;
    }
}
