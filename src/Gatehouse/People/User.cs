using System.Collections.Immutable;

namespace Gatehouse.People;

/// <summary>A person of a realm.</summary>
public sealed record User
{
    /// <summary>Stable id (UUID): the <c>sub</c> of their tokens.</summary>
    public required string Id { get; init; }

    /// <summary>Realm name.</summary>
    public required string Realm { get; init; }

    /// <summary>User name, lower-case, unique in the realm.</summary>
    public required string Username { get; init; }

    /// <summary>E-mail address.</summary>
    public string? Email { get; init; }

    /// <summary>Whether the address was verified.</summary>
    public bool EmailVerified { get; init; }

    /// <summary>First name.</summary>
    public string? FirstName { get; init; }

    /// <summary>Last name.</summary>
    public string? LastName { get; init; }

    /// <summary>Whether the user may sign in.</summary>
    public bool Enabled { get; init; } = true;

    /// <summary>Free attributes, each a list of texts.</summary>
    public ImmutableDictionary<string, ImmutableArray<string>> Attributes { get; init; } = ImmutableDictionary<string, ImmutableArray<string>>.Empty;

    /// <summary>When the user was made.</summary>
    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>Tokens issued before this instant are refused; null means none.</summary>
    public DateTimeOffset? NotBefore { get; init; }

    /// <summary>Whether nothing differs that is stored.</summary>
    internal bool IsSame(User other)
        => Username == other.Username && Email == other.Email && EmailVerified == other.EmailVerified && FirstName == other.FirstName && LastName == other.LastName && Enabled == other.Enabled && NotBefore == other.NotBefore
            && Attributes.Count == other.Attributes.Count && Attributes.All(one => other.Attributes.TryGetValue(one.Key, out var values) && values.SequenceEqual(one.Value));

    /// <summary>First and last name, or null when there is neither.</summary>
    public string? FullName => string.Join(' ', new[] { FirstName, LastName }.Where(part => !string.IsNullOrWhiteSpace(part))) is { Length: > 0 } name ? name : null;
}

/// <summary>A stored password hash, in ASP.NET Core Identity's own text form.</summary>
public sealed record PasswordRow(string Hash, bool Temporary, DateTimeOffset SetAt);

/// <summary>What to look for among users; unset members do not restrict.</summary>
public sealed record UserQuery
{
    /// <summary>Substring of name, e-mail, first or last name.</summary>
    public string? Search { get; init; }

    /// <summary>User name: substring, or the whole when <see cref="Exact"/>.</summary>
    public string? Username { get; init; }

    /// <summary>E-mail address: substring, or the whole when <see cref="Exact"/>.</summary>
    public string? Email { get; init; }

    /// <summary>First name: substring, or the whole when <see cref="Exact"/>.</summary>
    public string? FirstName { get; init; }

    /// <summary>Last name: substring, or the whole when <see cref="Exact"/>.</summary>
    public string? LastName { get; init; }

    /// <summary>Whole values instead of substrings.</summary>
    public bool Exact { get; init; }

    /// <summary>Only enabled or only disabled users.</summary>
    public bool? Enabled { get; init; }

    /// <summary>Only members of this group id.</summary>
    public string? Group { get; init; }

    /// <summary>Only direct holders of this role id.</summary>
    public string? Role { get; init; }

    /// <summary>Cursor from the page before: the last user name of it.</summary>
    public string? After { get; init; }

    /// <summary>Rows to skip (Keycloak's <c>first</c>); use <see cref="After"/> for depth.</summary>
    public int Skip { get; init; }

    /// <summary>At most so many, 1 to 1000.</summary>
    public int Limit { get; init; } = 100;
}
