using System.Collections.Immutable;

namespace Gatehouse.Clients;

/// <summary>What one attribute says of a person, to an application that speaks SAML or CAS.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Source">A text in which <c>{username}</c>, <c>{email}</c>, <c>{firstName}</c>, <c>{lastName}</c>, <c>{name}</c>, <c>{id}</c> and <c>{attribute.X}</c> are filled in; or <c>{roles}</c>, <c>{groups}</c> or <c>{attribute.X}</c> alone, for a value each.</param>
public sealed record AttributeRule(string Name, string Source)
{
    /// <summary>What most applications look for.</summary>
    public static ImmutableArray<AttributeRule> Usual { get; } = [new("uid", "{username}"), new("mail", "{email}"), new("givenName", "{firstName}"), new("sn", "{lastName}"), new("Role", "{roles}"), new("groups", "{groups}")];

    /// <summary>What is wrong with rules; null when nothing is.</summary>
    public static string? FaultOf(ImmutableArray<AttributeRule> rules) => rules.FirstOrDefault(one => one.Name.Length is 0 or > 256 || one.Source.Length is 0 or > 512) is { } odd ? $"The attribute '{odd.Name}' needs a name and a source." : null;
}
