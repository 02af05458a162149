using System.Collections.Immutable;

namespace Gatehouse.Wire.Saml;

/// <summary>An attribute of an assertion.</summary>
/// <param name="Name">Name, which is what counts.</param>
/// <param name="FriendlyName">Name for people; null when absent.</param>
/// <param name="NameFormat">Format of the name; null when absent.</param>
/// <param name="Values">Values in their order; those that are not text are left out.</param>
public sealed record SamlAttributeValues(string Name, string? FriendlyName, string? NameFormat, ImmutableArray<string> Values);

/// <summary>Whom an accepted assertion is about, and what it says.</summary>
public sealed record SamlSubject
{
    /// <summary>The name.</summary>
    public required SamlNameId NameId { get; init; }

    /// <summary>Entity ID of who says so.</summary>
    public required string Issuer { get; init; }

    /// <summary>Attributes in their order.</summary>
    public ImmutableArray<SamlAttributeValues> Attributes { get; init; } = [];

    /// <summary>When they proved who they are.</summary>
    public required DateTimeOffset AuthnInstant { get; init; }

    /// <summary>How (<c>AuthnContextClassRef</c>); null when it is not said.</summary>
    public string? AuthnContext { get; init; }

    /// <summary>Identity providers behind the issuer.</summary>
    public ImmutableArray<string> AuthenticatingAuthorities { get; init; } = [];

    /// <summary>Session at the issuer, for logout; null when it is not said.</summary>
    public string? SessionIndex { get; init; }

    /// <summary>When a session of ours that rests on it must end; null when it is not said.</summary>
    public DateTimeOffset? SessionUntil { get; init; }

    /// <summary>ID of the request that it answers; null for an unsolicited one.</summary>
    public string? InResponseTo { get; init; }

    /// <summary>ID of the assertion. The caller remembers issuer and ID until <see cref="ReplayUntil"/> and refuses them a second time (Profiles, 4.1.4.5).</summary>
    public required string AssertionId { get; init; }

    /// <summary>From when on the assertion would be refused as too old anyway: its age decides, however long it claims to be good for.</summary>
    public required DateTimeOffset ReplayUntil { get; init; }

    /// <summary>Values of the attribute with that name; failing that, of the first with that friendly name; else empty. A friendly name never hides a name.</summary>
    public ImmutableArray<string> this[string name]
    {
        get
        {
            var exact = Attributes.Where(one => one.Name == name).SelectMany(one => one.Values).ToImmutableArray();
            return exact.Length > 0 ? exact : Attributes.FirstOrDefault(one => one.FriendlyName == name)?.Values ?? [];
        }
    }
}
