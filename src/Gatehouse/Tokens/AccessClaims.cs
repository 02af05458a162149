using System.Buffers;
using System.Collections.Immutable;
using System.Text.Json;
using Gatehouse.Terms;

namespace Gatehouse.Tokens;

/// <summary>Claims of an access token: RFC 9068, 2.2, and those that Keycloak's clients and adapters read (<c>azp</c>, <c>realm_access</c>, <c>resource_access</c>, <c>groups</c>, <c>preferred_username</c>, <c>sid</c>).</summary>
public static class AccessClaims
{
    /// <summary>Writes the claims set.</summary>
    public static void Write(IBufferWriter<byte> buffer, Subject s)
    {
        using var writer = new Utf8JsonWriter(buffer);
        var a = s.Authorization;
        writer.WriteStartObject();
        writer.WriteNumber("exp", s.Expires.ToUnixTimeSeconds());
        writer.WriteNumber("iat", s.IssuedAt.ToUnixTimeSeconds());
        if (a.AuthenticatedAt is { } at) writer.WriteNumber("auth_time", at.ToUnixTimeSeconds());
        writer.WriteString("jti", s.TokenId);
        writer.WriteString("iss", s.Issuer);
        WriteAudience(writer, s);
        writer.WriteString("sub", s.Id);
        writer.WriteString("typ", "Bearer");
        writer.WriteString("azp", a.Client.ClientId);
        writer.WriteString("client_id", a.Client.ClientId);
        if (a.Session is { } session) writer.WriteString("sid", session.Id);
        if (a.Session?.Extension is { } extension) writer.WriteString("extension", extension);
        if (a.Door is { } door) writer.WriteString("door", door);
        if (a.Gadget is { } gadget) writer.WriteString("gadget", gadget.Id);
        if (a.Level is { } level) writer.WriteString("acr", level);
        WriteRoles(writer, s);
        if (s.Groups.Count > 0 && a.Gadget is null && a.Scopes.Contains("roles"))
        {
            writer.WriteStartArray("groups");
            foreach (var group in s.Groups) writer.WriteStringValue(group);
            writer.WriteEndArray();
        }

        if (a.Permissions is { } permissions) WritePermissions(writer, permissions.Granted);
        writer.WriteString("scope", string.Join(' ', a.Scopes));
        if (s.User is not null) Profile.Write(writer, s.User, a.Scopes);
        else
        {
            writer.WriteString("preferred_username", $"service-account-{a.Client.ClientId}");
            writer.WriteString("clientId", a.Client.ClientId);
        }

        writer.WriteEndObject();
    }

    // Keycloak's rule: the clients whose roles are inside, then the client's own audiences; "account" where nothing else is, so that it is never empty.
    private static void WriteAudience(Utf8JsonWriter writer, Subject s)
    {
        // A gadget's audiences are those of its settings, whether or not the person holds a role there.
        List<string> audience = s.Authorization.Gadget is not null ? [.. s.Authorization.Audience] : [.. s.Authorization.Client.Audiences
            .Concat(s.Roles.Where(role => role.Contains('/', StringComparison.Ordinal)).Select(role => role[..role.IndexOf('/', StringComparison.Ordinal)]).Where(client => client != s.Authorization.Client.ClientId))
            .Distinct().Where(one => s.Authorization.Audience.IsEmpty || s.Authorization.Audience.Contains(one)).Where(one => s.Authorization.Within is not { } shown || shown.Names(one))];
        if (s.Authorization.Permissions is { } permissions && !audience.Contains(permissions.Audience))
        {
            // It may read them; to whoever asks whom the token was made for, the second claim says that it was not made for it.
            audience.Insert(0, permissions.Audience);
            writer.WriteString("permitted_at", permissions.Audience);
        }

        if (audience.Count == 0) audience.Add("account");
        if (audience.Count == 1)
        {
            writer.WriteString("aud", audience[0]);
            return;
        }

        writer.WriteStartArray("aud");
        foreach (var one in audience) writer.WriteStringValue(one);
        writer.WriteEndArray();
    }

    /// <summary>Writes <c>authorization.permissions</c> as Keycloak does; a resource without scopes has no member for them.</summary>
    private static void WritePermissions(Utf8JsonWriter writer, ImmutableArray<Permission> permissions)
    {
        writer.WriteStartObject("authorization");
        writer.WritePropertyName("permissions");
        PermissionList.Write(writer, permissions);
        writer.WriteEndObject();
    }

    private static void WriteRoles(Utf8JsonWriter writer, Subject s)
    {
        if (!s.Authorization.Scopes.Contains("roles")) return;
        writer.WriteStartObject("realm_access");
        writer.WriteStartArray("roles");
        foreach (var role in s.Roles)
            if (!role.Contains('/', StringComparison.Ordinal)) writer.WriteStringValue(role);
        writer.WriteEndArray();
        writer.WriteEndObject();
        writer.WriteStartObject("resource_access");
        foreach (var client in s.Roles.Where(role => role.Contains('/', StringComparison.Ordinal)).GroupBy(role => role[..role.IndexOf('/', StringComparison.Ordinal)]))
        {
            writer.WriteStartObject(client.Key);
            writer.WriteStartArray("roles");
            foreach (var role in client) writer.WriteStringValue(role[(client.Key.Length + 1)..]);
            writer.WriteEndArray();
            writer.WriteEndObject();
        }

        writer.WriteEndObject();
    }
}
