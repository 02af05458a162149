using System.Buffers;
using System.Text.Json;
using Gatehouse.Clients;
using Gatehouse.People;
using Gatehouse.Sessions;
using Gatehouse.Terms;
using Gatehouse.Wire.Jose;
using Gatehouse.Wire.Text;

namespace Gatehouse.Tokens;

/// <summary>Token introspection (RFC 7662): says whether a token of this realm is active, and what it holds. For anything else it says only that it is not.</summary>
public sealed class Introspect(Verify verify, RefreshTokens refreshTokens, UserCache users, SessionStore sessions, Issuers issuers)
{
    private static readonly byte[] Inactive = """{"active":false}"""u8.ToArray();

    /// <summary>The answer's body.</summary>
    public async Task<ReadOnlyMemory<byte>> AnswerAsync(Realm realm, Client client, string token, CancellationToken stop)
    {
        if (SecretKinds.Is(token, SecretKinds.Refresh)) return await OfRefreshAsync(realm, client, token, stop);
        if (verify.Check(token, null, out var principal) is not null || principal!.Realm != realm.Name) return Inactive;

        // A gadget's token concerns the back ends that it names; whoever else is shown one must not take it for good (RFC 7662, 2.2).
        if (principal.Gadget is not null && !principal.Audiences.Contains(client.ClientId)) return Inactive;

        // A subject that was disabled since is no longer active, even while its token's life runs.
        if (principal.Kind == PrincipalKind.User && await users.FindAsync(realm.Name, principal.Subject, stop) is not { Enabled: true }) return Inactive;
        var session = principal.Session is { } id ? await sessions.FindAsync(realm.Name, id, stop) : null;
        return principal.Session is not null && session is null ? Inactive : OfAccess(token, principal, session);
    }

    private static ReadOnlyMemory<byte> OfAccess(string token, Principal principal, Session? session)
    {
        if (!Jws.TryParse(token, Limits.Default, out var jws, out _) || !JwtClaims.TryParse(jws.Payload, Limits.Default, out var claims, out _)) return Inactive;
        var buffer = new ArrayBufferWriter<byte>(1024);
        using var writer = new Utf8JsonWriter(buffer);
        writer.WriteStartObject();
        foreach (var claim in claims.All.EnumerateObject())
            if (session is null || claim.Name != "extension") claim.WriteTo(writer);

        // Where the person sits now, not when the token was made.
        if (session?.Extension is { } extension) writer.WriteString("extension", extension);
        if (principal.Name is not null) writer.WriteString("username", principal.Name);
        writer.WriteString("token_type", "Bearer");
        writer.WriteBoolean("active", true);
        writer.WriteEndObject();
        writer.Flush();
        return buffer.WrittenMemory;
    }

    private async Task<ReadOnlyMemory<byte>> OfRefreshAsync(Realm realm, Client client, string token, CancellationToken stop)
    {
        // A refresh token concerns its own client and nobody else.
        if (await refreshTokens.InspectAsync(realm.Name, token, stop) is not { } found || found.Use.ClientId != client.ClientId) return Inactive;

        // What the mint would refuse is not active (RFC 7662, 2.2): signed out, disabled, or ended since.
        if (await users.FindAsync(realm.Name, found.Use.User, stop) is not { Enabled: true } user || found.Use.Since < realm.NotBefore || found.Use.Since < client.NotBefore || (found.Use.AuthenticatedAt ?? found.Use.Since) < user.NotBefore) return Inactive;
        if (found.Use.Session is { } held && await sessions.FindAsync(realm.Name, held, stop) is null) return Inactive;
        var buffer = new ArrayBufferWriter<byte>(512);
        using var writer = new Utf8JsonWriter(buffer);
        writer.WriteStartObject();
        writer.WriteBoolean("active", true);
        writer.WriteString("iss", issuers.Of(realm.Name));
        writer.WriteString("sub", found.Use.User);
        writer.WriteString("client_id", found.Use.ClientId);
        writer.WriteString("scope", string.Join(' ', found.Use.Scopes));
        writer.WriteString("typ", found.Use.Session is null ? "Offline" : "Refresh");
        if (found.Use.Session is { } session) writer.WriteString("sid", session);
        writer.WriteNumber("exp", found.Until.ToUnixTimeSeconds());
        writer.WriteEndObject();
        writer.Flush();
        return buffer.WrittenMemory;
    }
}
