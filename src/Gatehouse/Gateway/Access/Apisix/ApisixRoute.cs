using System.Collections.Immutable;

namespace Gatehouse.Gateway.Access.Apisix;

/// <summary>Whom a route lets in.</summary>
/// <param name="Token">Somebody must be proven at all.</param>
/// <param name="Scopes">Scopes that the token must have, all of them.</param>
/// <param name="Asks">Keycloak decides by its resources and the HTTP verb.</param>
/// <param name="Nobody">What keeps people out here cannot be said in an access file: nobody passes.</param>
internal sealed record Guard(bool Token, ImmutableSortedSet<string> Scopes, bool Asks, bool Nobody)
{
    public static Guard Open { get; } = new(false, [], false, false);

    public static Guard Shut { get; } = new(true, [], false, true);

    public bool IsOpen => !Token;

    /// <summary>Both must let somebody in.</summary>
    public Guard And(Guard other) => Nobody || other.Nobody ? Shut : new(Token || other.Token, Scopes.Union(other.Scopes), Asks || other.Asks, false);

    public bool Same(Guard other) => (Token, Asks, Nobody) == (other.Token, other.Asks, other.Nobody) && Scopes.SetEquals(other.Scopes);

    public string Words => IsOpen ? "open" : Nobody ? "closed" : "token" + (Scopes.Count > 0 ? $" with {string.Join(' ', Scopes)}" : "") + (Asks ? ", asks Keycloak" : "");
}

/// <summary>Something that is not the same afterwards, or that somebody must know.</summary>
/// <param name="Code">Stable code.</param>
/// <param name="Text">In plain words; never a secret.</param>
internal sealed record Remark(string Code, string Text);

/// <summary>One route of APISIX, its plugins judged.</summary>
internal sealed record ApisixRoute
{
    public required string Id { get; init; }

    public int Line { get; init; }

    public ImmutableArray<Pattern> Patterns { get; init; } = [];

    /// <summary>Empty for all.</summary>
    public ImmutableArray<string> Methods { get; init; } = [];

    /// <summary>Empty for all.</summary>
    public ImmutableArray<string> Hosts { get; init; } = [];

    public int Priority { get; init; }

    public bool Enabled { get; init; } = true;

    /// <summary>What else must hold for it to be chosen, which nobody can know beforehand; null for nothing.</summary>
    public string? Condition { get; init; }

    /// <summary>Paths of this form alone, by a condition that is about nothing else; null for no such condition.</summary>
    public SpelledPath? Only { get; init; }

    /// <summary>What its authz-keycloak asked; null where it has none.</summary>
    public string? Asked { get; init; }

    /// <summary>Whether the condition may hold for a path; no where it is about the path alone and does not.</summary>
    public Func<string, bool> MayTake { get; init; } = _ => true;

    public Guard Guard { get; init; } = Guard.Open;

    /// <summary>APISIX answers by itself: nothing is forwarded.</summary>
    public bool AnswersItself { get; init; }

    /// <summary>Rewrites a decoded path; the same path where nothing is rewritten, null where that cannot be known.</summary>
    public Func<string, string?> Rewrite { get; init; } = path => path;

    /// <summary>Where it leads; null when the file does not say.</summary>
    public ApisixUpstream? Upstream { get; init; }

    public bool WebSocket { get; init; }

    public ImmutableSortedSet<string> Identity { get; init; } = [];

    public long? MaxBody { get; init; }

    /// <summary>Requests, seconds; counted by address.</summary>
    public (int Requests, int Seconds)? Rate { get; init; }

    public ImmutableArray<Remark> Remarks { get; init; } = [];
}

/// <summary>Where routes lead.</summary>
/// <param name="Name">Id of the service or upstream, or the route's own.</param>
/// <param name="Addresses">Addresses as an access file wants them; empty when they are found by discovery.</param>
/// <param name="Discovered">Name in the discovery; null when addresses are given.</param>
/// <param name="PassHost">Whether the client's Host goes on.</param>
/// <param name="Times">Seconds for connect, send and read; null for the defaults.</param>
internal sealed record ApisixUpstream(string Name, ImmutableArray<string> Addresses, string? Discovered, bool PassHost, (double Connect, double Send, double Read)? Times)
{
    public ImmutableArray<Remark> Remarks { get; init; } = [];

    /// <summary>Equal where two lead to the same place, whatever they are called.</summary>
    public string Place => $"{string.Join(' ', Addresses)} {(Addresses.IsEmpty ? Discovered : "")} {PassHost}";
}
