using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace Gatehouse.Clients.Resources;

/// <summary>A policy (a condition on whoever asks), or a permission (which policies guard which resources and scopes).</summary>
public sealed record ResourcePolicy
{
    /// <summary>Id: the client's own choice, or a UUID.</summary>
    public required string Id { get; init; }

    /// <summary>Name, unique in the client.</summary>
    public required string Name { get; init; }

    /// <summary>What it is for.</summary>
    public string? Description { get; init; }

    /// <summary>Its answer is turned round (Keycloak's logic NEGATIVE).</summary>
    public bool Negative { get; init; }

    /// <summary>How the policies below it are counted.</summary>
    public DecisionStrategy Strategy { get; init; }

    /// <summary>The condition itself.</summary>
    public required Condition Condition { get; init; }

    /// <summary>Whether it says which resources and scopes are guarded.</summary>
    [JsonIgnore]
    public bool IsPermission => Condition is Condition.OnResources or Condition.OnScopes;
}

/// <summary>The closed family of conditions. Names of the outside (roles, groups, clients) are kept by name, users by id, so that who takes over a user name inherits nothing.</summary>
[JsonDerivedType(typeof(Roles), "role")]
[JsonDerivedType(typeof(Users), "user")]
[JsonDerivedType(typeof(Groups), "group")]
[JsonDerivedType(typeof(Clients), "client")]
[JsonDerivedType(typeof(ClientScopes), "client-scope")]
[JsonDerivedType(typeof(Time), "time")]
[JsonDerivedType(typeof(Pattern), "regex")]
[JsonDerivedType(typeof(All), "aggregate")]
[JsonDerivedType(typeof(OnResources), "resource")]
[JsonDerivedType(typeof(OnScopes), "scope")]
public abstract record Condition
{
    private Condition()
    {
    }

    /// <summary>Keycloak's name of the kind.</summary>
    [JsonIgnore]
    public string Kind => this switch { Roles => "role", Users => "user", Groups => "group", Clients => "client", ClientScopes => "client-scope", Time => "time", Pattern => "regex", All => "aggregate", OnResources => "resource", _ => "scope" };

    /// <summary>Ids of the policies that it stands on.</summary>
    [JsonIgnore]
    public virtual ImmutableArray<string> Below => [];

    /// <summary>Holds one of these roles, and all that are required. Realm roles by name, client roles as <c>client/role</c>.</summary>
    public sealed record Roles(ImmutableArray<Wanted> Named) : Condition;

    /// <summary>Is one of these users (ids).</summary>
    public sealed record Users(ImmutableArray<string> Ids) : Condition;

    /// <summary>Is in one of these groups.</summary>
    public sealed record Groups(ImmutableArray<WantedGroup> Named) : Condition;

    /// <summary>The token was made for one of these clients (<c>client_id</c>).</summary>
    public sealed record Clients(ImmutableArray<string> Ids) : Condition;

    /// <summary>The token has one of these client scopes, and all that are required.</summary>
    public sealed record ClientScopes(ImmutableArray<Wanted> Named) : Condition;

    /// <summary>It is such a time.</summary>
    public sealed record Time(TimeWindow Window) : Condition;

    /// <summary>A claim matches a pattern, whole.</summary>
    public sealed record Pattern(string Claim, string Expression) : Condition;

    /// <summary>Other policies, counted.</summary>
    public sealed record All(ImmutableArray<string> Policies) : Condition
    {
        /// <inheritdoc/>
        [JsonIgnore]
        public override ImmutableArray<string> Below => Policies;
    }

    /// <summary>A permission for whole resources, by id, or for all of a type.</summary>
    public sealed record OnResources(ImmutableArray<string> Resources, string? Type, ImmutableArray<string> Policies) : Condition
    {
        /// <inheritdoc/>
        [JsonIgnore]
        public override ImmutableArray<string> Below => Policies;
    }

    /// <summary>A permission for scopes, by name: of some resources (ids), or of all when none is named.</summary>
    public sealed record OnScopes(ImmutableArray<string> Resources, ImmutableArray<string> Scopes, ImmutableArray<string> Policies) : Condition
    {
        /// <inheritdoc/>
        [JsonIgnore]
        public override ImmutableArray<string> Below => Policies;
    }
}

/// <summary>Something that is wanted by name.</summary>
public sealed record Wanted(string Name, bool Required = false);

/// <summary>A group that is wanted by path.</summary>
public sealed record WantedGroup(string Path, bool ExtendChildren = false);

/// <summary>When it may be, in UTC. Bounds are inclusive; an end before its beginning goes over midnight, year's end and so on.</summary>
public sealed record TimeWindow
{
    /// <summary>Not before.</summary>
    public DateTimeOffset? NotBefore { get; init; }

    /// <summary>Not on or after.</summary>
    public DateTimeOffset? NotOnOrAfter { get; init; }

    /// <summary>Days of the month, 1 to 31.</summary>
    public Span? Day { get; init; }

    /// <summary>Months, 1 to 12.</summary>
    public Span? Month { get; init; }

    /// <summary>Years.</summary>
    public Span? Year { get; init; }

    /// <summary>Hours, 0 to 23.</summary>
    public Span? Hour { get; init; }

    /// <summary>Minutes, 0 to 59.</summary>
    public Span? Minute { get; init; }

    /// <summary>From one number to another, both included; one alone is that one.</summary>
    public sealed record Span(int From, int? To);
}
