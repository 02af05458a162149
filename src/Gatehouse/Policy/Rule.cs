using System.Collections.Immutable;
using Gatehouse.Terms;

namespace Gatehouse.Policy;

/// <summary>What a principal must be or hold. Members that are set must all be met; of a list, one entry is enough, but for <see cref="AllRoles"/> and <see cref="Scopes"/>, which are all needed. Nothing set means: anyone who is authenticated.</summary>
public sealed record Rule
{
    /// <summary>Name for people and decision records, such as <c>agent-manager rule 2</c>.</summary>
    public required string Name { get; init; }

    /// <summary>Line in the access file.</summary>
    public int Line { get; init; }

    /// <summary>One of these roles.</summary>
    public ImmutableArray<string> Roles { get; init; } = [];

    /// <summary>All of these roles.</summary>
    public ImmutableArray<string> AllRoles { get; init; } = [];

    /// <summary>One of these groups, or a group below it.</summary>
    public ImmutableArray<string> Groups { get; init; } = [];

    /// <summary>One of these permissions (<c>resource#scope</c>).</summary>
    public ImmutableArray<string> Permissions { get; init; } = [];

    /// <summary>All of these scopes.</summary>
    public ImmutableArray<string> Scopes { get; init; } = [];

    /// <summary>One of these kinds of principal.</summary>
    public ImmutableArray<PrincipalKind> Kinds { get; init; } = [];

    /// <summary>One of these clients; <c>legacy:NAME</c> for whoever sends that shared secret.</summary>
    public ImmutableArray<string> Clients { get; init; } = [];
}

/// <summary>What a rule says of a principal.</summary>
/// <param name="Allowed">Yes or no.</param>
/// <param name="Reason">Why not; null when allowed.</param>
/// <param name="Missing">What is missing, in plain words; null when allowed.</param>
public sealed record Judgement(bool Allowed, Reason? Reason = null, string? Missing = null);
