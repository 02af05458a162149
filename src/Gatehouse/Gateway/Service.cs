using System.Collections.Immutable;
using Gatehouse.Credentials;
using Gatehouse.Forwarding;
using Gatehouse.Policy;

namespace Gatehouse.Gateway;

/// <summary>How a credential may come at a service.</summary>
/// <param name="Token">Access tokens of our own realm count.</param>
/// <param name="Session">The session cookie counts.</param>
/// <param name="Issuers">Names of foreign issuers that count.</param>
/// <param name="Dialog">Tokens of our own realm's dialogs count.</param>
public sealed record Accepted(bool Token, bool Session, ImmutableArray<string> Issuers, bool Dialog = false)
{
    /// <summary>Names and passwords of our own realm's users count, with each request (RFC 7617).</summary>
    public bool Basic { get; init; }

    /// <summary>Names of shared secrets that count.</summary>
    public ImmutableArray<string> Legacy { get; init; } = [];
}

/// <summary>What an upstream is told about the principal.</summary>
[Flags]
public enum IdentityHeaders
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary><c>Authorization: Bearer</c> with our short-lived JWT for the service's audience.</summary>
    Jwt = 1,

    /// <summary>APISIX's <c>X-Userinfo</c>: base64 of the claims in JSON.</summary>
    Userinfo = 2,

    /// <summary>APISIX's <c>X-Access-Token</c>: the client's own access token.</summary>
    AccessToken = 4,

    /// <summary>APISIX's <c>X-ID-Token</c>: base64 of the claims in JSON.</summary>
    IdToken = 8,
}

/// <summary>A limit of requests.</summary>
/// <param name="Requests">How many.</param>
/// <param name="Per">In which time.</param>
/// <param name="ByAddress">Counted per client address; otherwise per principal.</param>
public sealed record RateLimit(int Requests, TimeSpan Per, bool ByAddress);

/// <summary>One service of the access file.</summary>
public sealed record Service
{
    /// <summary>Name.</summary>
    public required string Name { get; init; }

    /// <summary>Line in the access file.</summary>
    public int Line { get; init; }

    /// <summary>Path prefix, without a trailing slash.</summary>
    public required string Prefix { get; init; }

    /// <summary>Whether the prefix is cut off before forwarding.</summary>
    public bool StripPrefix { get; init; }

    /// <summary>Audience of the JWT that the upstream gets, and the one that foreign tokens may have to name.</summary>
    public required string Audience { get; init; }

    /// <summary>Which credentials count.</summary>
    public required Accepted Accepts { get; init; }

    /// <summary>Where tokens stand, unless a rule says otherwise.</summary>
    public TokenPlaces TokenIn { get; init; } = TokenPlaces.Usual;

    /// <summary>More places where the upstream wants our short-lived JWT: headers and query parameters of its own. What a client sends there is removed.</summary>
    public TokenPlaces IdentityIn { get; init; } = new(false, [], []);

    /// <summary>The vendor's form of errors; null for problem+json.</summary>
    public ErrorForm? Errors { get; init; }

    /// <summary>What the upstream is told.</summary>
    public IdentityHeaders Identity { get; init; } = IdentityHeaders.Jwt;

    /// <summary>Whether upgrades (WebSocket) pass.</summary>
    public bool Upgrade { get; init; } = true;

    /// <summary>Whether the client's own Authorization passes on public routes.</summary>
    public bool PassAuthorizationOnPublic { get; init; }

    /// <summary>Whether the client's own Authorization passes where an observed request has no proven principal.</summary>
    public bool PassAuthorizationOnObserve { get; init; }

    /// <summary>Whether its rules are observed only; null where the service says nothing.</summary>
    public Observation? Observation { get; init; }

    /// <summary>Which shared secret the upstream is sent in X-Auth-Token, because it compares it itself: its name, or <c>true</c> for the obvious one; null for none.</summary>
    public string? PassSecret { get; init; }

    /// <summary>Most bytes of a request body; null for any.</summary>
    public long? MaxBody { get; init; }

    /// <summary>Rate limit; null for none.</summary>
    public RateLimit? Rate { get; init; }

    /// <summary>What is done to events, where the service is a bot; null where it is none.</summary>
    public Events.EventPlan? Events { get; init; }

    /// <summary>Where it is.</summary>
    public required UpstreamPlan Plan { get; init; }
}

/// <summary>One way into a service: a path, methods, and either a rule or the mark that it is public. Exactly one route decides a request.</summary>
/// <param name="Service">Where it leads.</param>
/// <param name="Template">Which paths.</param>
/// <param name="Methods">Which methods; empty for all.</param>
/// <param name="Rule">Who may; null when public.</param>
/// <param name="PublicReason">Why it is public; null for none given.</param>
/// <param name="Line">Line in the access file.</param>
public sealed record Route(Service Service, PathTemplate Template, ImmutableArray<string> Methods, Rule? Rule, string? PublicReason, int Line)
{
    private readonly string described = $"{(Methods.IsEmpty ? "any method" : string.Join('|', Methods))} {Template}";

    /// <summary>Whether the rule is observed only, the narrowest of what rule, service and file say; null when it is not.</summary>
    public Observation? Observation { get; init; }

    /// <summary>Where the dialog's id stands; null when tokens of dialogs do not count here.</summary>
    public DialogPlace? Dialog { get; init; }

    /// <summary>Where tokens stand; null for what the service says.</summary>
    public TokenPlaces? TokenIn { get; init; }

    /// <summary>Where tokens stand.</summary>
    public TokenPlaces Places => TokenIn ?? Service.TokenIn;

    /// <summary>Whether nobody is asked who they are.</summary>
    public bool IsPublic => Rule is null;

    /// <summary>For people: methods and path.</summary>
    public string Describe() => described;
}
