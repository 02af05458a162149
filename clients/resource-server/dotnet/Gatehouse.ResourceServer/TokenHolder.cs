using System.Collections.Immutable;
using System.Security.Claims;
using System.Text.Json;
using Gatehouse.Wire.Jose;

namespace Gatehouse.ResourceServer;

/// <summary>Who holds a token that counts, and what it says of them.</summary>
public sealed record TokenHolder
{
    private TokenHolder(JsonElement claims) => Claims = claims;

    /// <summary><c>sub</c>; of a client's own token its service account.</summary>
    public required string Subject { get; init; }

    /// <summary>User name (<c>preferred_username</c>, <c>username</c>, or <c>upn</c>).</summary>
    public string? Name { get; private init; }

    /// <summary>Client that the token was made for (<c>azp</c> or <c>client_id</c>).</summary>
    public string? Client { get; private init; }

    /// <summary>The gadget that the token was made for; null for a person's own. It is cut to some back ends and roles: ask before doing for it what only the person should.</summary>
    public string? Gadget { get; private init; }

    /// <summary>The agent's extension, where a desktop signed in with one.</summary>
    public string? Extension { get; private init; }

    /// <summary>Roles: of the realm as <c>agent</c>, of a client as <c>crm/reader</c>.</summary>
    public ImmutableSortedSet<string> Roles { get; private init; } = [];

    /// <summary>Groups, as paths.</summary>
    public ImmutableSortedSet<string> Groups { get; private init; } = [];

    /// <summary>Scopes.</summary>
    public ImmutableSortedSet<string> Scopes { get; private init; } = [];

    /// <summary>When the token ends; null where the issuer does not say.</summary>
    public DateTimeOffset? ExpiresAt { get; private init; }

    /// <summary>All claims, as they stand.</summary>
    public JsonElement Claims { get; }

    /// <summary>As ASP.NET Core has it: roles for <c>[Authorize(Roles = …)]</c>, one claim for each group and scope, texts and numbers of the token under their own names.</summary>
    public ClaimsPrincipal ToPrincipal(string scheme)
    {
        var claims = new List<Claim> { new("sub", Subject) };
        void Add(string type, string? value)
        {
            if (value is not null) claims.Add(new Claim(type, value));
        }

        Add("name", Name);
        Add("client", Client);
        foreach (var role in Roles) Add("role", role);
        foreach (var group in Groups) Add("groups", group);
        foreach (var scope in Scopes) Add("scope", scope);
        foreach (var member in Claims.EnumerateObject())
            if (member.Name is not ("sub" or "name" or "client" or "role" or "roles" or "groups" or "scope") && member.Value.ValueKind is JsonValueKind.String or JsonValueKind.Number) Add(member.Name, member.Value.ToString());
        return new ClaimsPrincipal(new ClaimsIdentity(claims, scheme, "name", "role"));
    }

    /// <summary>Reads the holder out of claims that count.</summary>
    internal static TokenHolder? Of(JwtClaims claims)
    {
        if (claims.Subject is not { Length: > 0 } subject) return null;
        var roles = ImmutableSortedSet.CreateBuilder<string>(StringComparer.Ordinal);
        // A realm role with a slash would pass for a client's.
        if (claims.Member("realm_access") is { ValueKind: JsonValueKind.Object } realm) roles.UnionWith(Names(realm).Where(role => !role.Contains('/', StringComparison.Ordinal)));
        if (claims.Member("resource_access") is { ValueKind: JsonValueKind.Object } resources)
            foreach (var client in resources.EnumerateObject())
                if (client.Value.ValueKind == JsonValueKind.Object) roles.UnionWith(Names(client.Value).Select(role => $"{client.Name}/{role}"));
        return new TokenHolder(claims.All)
        {
            Subject = subject, Name = claims.Text("preferred_username") ?? claims.Text("username") ?? claims.Text("upn"), Client = claims.Text("azp") ?? claims.Text("client_id"), Gadget = claims.Text("gadget"), Extension = claims.Text("extension"),
            Roles = roles.ToImmutable(), Groups = [.. claims.Texts("groups")], Scopes = [.. (claims.Text("scope") ?? "").Split(' ', StringSplitOptions.RemoveEmptyEntries)],
            ExpiresAt = claims.ExpiresAt is { } ends ? DateTimeOffset.FromUnixTimeSeconds(ends) : null,
        };
    }

    private static IEnumerable<string> Names(JsonElement access)
        => access.TryGetProperty("roles", out var list) && list.ValueKind == JsonValueKind.Array ? list.EnumerateArray().Where(role => role.ValueKind == JsonValueKind.String && role.GetString()!.Length > 0).Select(role => role.GetString()!) : [];
}
