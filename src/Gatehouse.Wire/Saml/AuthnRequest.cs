using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Gatehouse.Wire.Saml;

/// <summary>A service provider's wish that somebody signs in (Core, 3.4.1).</summary>
public sealed record AuthnRequest
{
    /// <summary>ID, which the answer names.</summary>
    public required string Id { get; init; }

    /// <summary>When it was made.</summary>
    public required DateTimeOffset IssueInstant { get; init; }

    /// <summary>Entity ID of the service provider.</summary>
    public required string Issuer { get; init; }

    /// <summary>Address that it was sent to; null when it names none.</summary>
    public string? Destination { get; init; }

    /// <summary>Address that the answer goes to, which the receiver compares with the metadata; null when it leaves the choice.</summary>
    public string? AssertionConsumer { get; init; }

    /// <summary>Index of that address in the metadata instead; null when absent.</summary>
    public int? AssertionConsumerIndex { get; init; }

    /// <summary>Binding of the answer; null when absent.</summary>
    public string? ProtocolBinding { get; init; }

    /// <summary>Whether the person must prove who they are again, session or not.</summary>
    public bool ForceAuthn { get; init; }

    /// <summary>Whether no page may be shown.</summary>
    public bool IsPassive { get; init; }

    /// <summary>Wanted format of the name; null when any.</summary>
    public string? NameIdFormat { get; init; }

    /// <summary>Whether a name may be made for this.</summary>
    public bool AllowCreate { get; init; }

    /// <summary>Wanted authentication contexts, best first; empty when any.</summary>
    public ImmutableArray<string> AuthnContexts { get; init; } = [];

    /// <summary>How those are compared: <c>exact</c>, <c>minimum</c>, <c>maximum</c> or <c>better</c>.</summary>
    public string Comparison { get; init; } = "exact";

    /// <summary>The person who is meant; null when anybody.</summary>
    public SamlNameId? Subject { get; init; }

    /// <summary>Name of the service provider for people; null when absent.</summary>
    public string? ProviderName { get; init; }

    /// <summary>The message. Sign it with <see cref="SamlSignature.Sign"/> for POST, or in <see cref="RedirectBinding.Write"/>.</summary>
    public SamlElement ToXml()
    {
        var root = SamlWriting.Message("AuthnRequest", Id, IssueInstant, Destination, Issuer)
            .With("AssertionConsumerServiceURL", AssertionConsumer).With("AssertionConsumerServiceIndex", AssertionConsumerIndex?.ToString(CultureInfo.InvariantCulture)).With("ProtocolBinding", ProtocolBinding)
            .With("ForceAuthn", ForceAuthn ? "true" : null).With("IsPassive", IsPassive ? "true" : null).With("ProviderName", ProviderName);
        if (Subject is not null) root.Add(SamlWriting.A("Subject").Add(Subject.ToXml()));
        if (NameIdFormat is not null || AllowCreate) root.Add(SamlWriting.P("NameIDPolicy").With("Format", NameIdFormat).With("AllowCreate", AllowCreate ? "true" : null));
        if (AuthnContexts.Length > 0)
        {
            var wanted = SamlWriting.P("RequestedAuthnContext").With("Comparison", Comparison);
            foreach (var context in AuthnContexts) wanted.Add(SamlWriting.A("AuthnContextClassRef").Add(context));
            root.Add(wanted);
        }

        return root;
    }

    /// <summary>Reads a request; never throws. Hand in what a signature covered where one is wanted; the addresses are not judged here.</summary>
    public static bool TryRead(SamlElement root, [NotNullWhen(true)] out AuthnRequest? request, out SamlError error)
    {
        try
        {
            (request, error) = (Read(root), SamlError.None);
            return true;
        }
        catch (SamlException refused)
        {
            (request, error) = (null, refused.Error);
            return false;
        }
    }

    /// <summary>None when it was sent to this address and just now; otherwise why not.</summary>
    public SamlError Check(string destination, DateTimeOffset now, TimeSpan skew, TimeSpan maxAge) => SamlLogout.Check(Destination, destination, IssueInstant, now, skew, maxAge);

    private static AuthnRequest Read(SamlElement root)
    {
        SamlReading.Root(root, SamlNames.Protocol, "AuthnRequest");
        var policy = root.Only(SamlNames.Protocol, "NameIDPolicy");
        var contexts = root.Only(SamlNames.Protocol, "RequestedAuthnContext");
        var (address, index) = (root["AssertionConsumerServiceURL"], SamlReading.Number(root, "AssertionConsumerServiceIndex"));
        if (address is not null && (index is not null || !SamlReading.IsAddress(address))) throw new SamlException(SamlError.Malformed);
        return new AuthnRequest
        {
            Id = SamlReading.Required(root, "ID"),
            IssueInstant = SamlReading.RequiredTime(root, "IssueInstant"),
            Issuer = SamlReading.Issuer(root) ?? throw new SamlException(SamlError.WrongIssuer),
            Destination = root["Destination"],
            AssertionConsumer = address,
            AssertionConsumerIndex = index,
            ProtocolBinding = root["ProtocolBinding"],
            ForceAuthn = SamlReading.Flag(root, "ForceAuthn") ?? false,
            IsPassive = SamlReading.Flag(root, "IsPassive") ?? false,
            NameIdFormat = policy?["Format"],
            AllowCreate = policy is not null && (SamlReading.Flag(policy, "AllowCreate") ?? false),
            AuthnContexts = contexts is null ? [] : [.. contexts.Elements(SamlNames.Assertion, "AuthnContextClassRef").Select(one => one.Value())],
            Comparison = contexts?["Comparison"] is not { } comparison ? "exact" : comparison is "exact" or "minimum" or "maximum" or "better" ? comparison : throw new SamlException(SamlError.Malformed),
            Subject = root.Only(SamlNames.Assertion, "Subject") is { } subject ? SamlNameId.Read(subject) : null,
            ProviderName = root["ProviderName"],
        };
    }
}
