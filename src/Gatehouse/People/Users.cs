using System.Collections.Immutable;
using Gatehouse.Storage;
using Gatehouse.Terms;

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
}

/// <summary>Users of all realms. Changes announce <c>user</c> on the feed.</summary>
public sealed class Users
{
    /// <summary>Adds a user. False when the name or e-mail is taken.</summary>
    public Task<bool> AddAsync(Work work, User user) => throw new NotImplementedException();

    /// <summary>Replaces a user's members. False when there is none, or the name is taken.</summary>
    public Task<bool> ChangeAsync(Work work, User user) => throw new NotImplementedException();

    /// <summary>Deletes a user with all that is theirs. False when there is none.</summary>
    public Task<bool> RemoveAsync(Work work, string realm, string id) => throw new NotImplementedException();

    /// <summary>By id.</summary>
    public Task<User?> FindAsync(string realm, string id, CancellationToken stop) => throw new NotImplementedException();

    /// <summary>By user name, or by e-mail address when it has an @ and no such name exists.</summary>
    public Task<User?> FindByNameAsync(string realm, string nameOrEmail, CancellationToken stop) => throw new NotImplementedException();

    /// <summary>A page ordered by user name: substring search over name, e-mail, first and last name; indexed prefix when exact.</summary>
    public Task<Page<User>> ListAsync(string realm, UserQuery query, CancellationToken stop) => throw new NotImplementedException();

    /// <summary>How many match.</summary>
    public Task<long> CountAsync(string realm, UserQuery query, CancellationToken stop) => throw new NotImplementedException();

    /// <summary>Stores a password hash (made by SignIn's hasher); replaces the old one.</summary>
    public Task SetPasswordHashAsync(Work work, string realm, string id, string hash, bool temporary) => throw new NotImplementedException();

    /// <summary>The password hash and whether it must be changed; null when the user has no password.</summary>
    public Task<PasswordRow?> PasswordAsync(string realm, string id, CancellationToken stop) => throw new NotImplementedException();
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

    /// <summary>Whole values instead of substrings.</summary>
    public bool Exact { get; init; }

    /// <summary>Only enabled or only disabled users.</summary>
    public bool? Enabled { get; init; }

    /// <summary>Only members of this group id.</summary>
    public string? Group { get; init; }

    /// <summary>Only direct holders of this role id.</summary>
    public string? Role { get; init; }

    /// <summary>Cursor from the page before.</summary>
    public string? After { get; init; }

    /// <summary>Rows to skip (Keycloak's <c>first</c>); use <see cref="After"/> for depth.</summary>
    public int Skip { get; init; }

    /// <summary>At most so many, 1 to 1000.</summary>
    public int Limit { get; init; } = 100;
}
