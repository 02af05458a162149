using System.Buffers;
using System.Text.Json;
using Gatehouse.Clients;
using Gatehouse.Credentials;
using Gatehouse.People;
using Gatehouse.Terms;
using Gatehouse.Tokens;

namespace Gatehouse.Protocols.OpenId;

/// <summary>Userinfo (OpenID Connect Core, 5.3): the person's claims of today, by the token's scopes.</summary>
public sealed class UserinfoEndpoint(Realms realms, Verifiers verifiers, Users users, ClientStore clients)
{
    /// <summary>Answers with claims, or a challenge (RFC 6750, 3).</summary>
    public async Task AskAsync(HttpContext context)
    {
        if (await Exchange.RealmAsync(context, realms) is not { } realm) return;
        var found = Finder.Find(context.Request.Headers, null, tls: false);
        if (found is not Found.One one)
        {
            await ChallengeAsync(context, realm, found is Found.Conflict ? "invalid_request" : null, "A bearer token is needed.", found is Found.Conflict ? 400 : 401);
            return;
        }

        if (await verifiers.VerifyOwnAsync(one.Credential, realm.Name, context.RequestAborted) is not Verdict.Accepted { Principal: var principal })
        {
            await ChallengeAsync(context, realm, "invalid_token", "Token verification failed", 401);
            return;
        }

        if (principal.Client is { } id && await clients.FindByClientIdAsync(realm.Name, id, context.RequestAborted) is { } client) Cors.Allow(context, client);
        if (!principal.Scopes.Contains("openid"))
        {
            await ChallengeAsync(context, realm, "insufficient_scope", "Missing openid scope", 403);
            return;
        }

        if (await users.FindAsync(realm.Name, principal.Subject, context.RequestAborted) is not { Enabled: true } user)
        {
            await ChallengeAsync(context, realm, "invalid_token", "User disabled or gone", 401);
            return;
        }

        var buffer = new ArrayBufferWriter<byte>(512);
        await using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            writer.WriteString("sub", user.Id);
            Profile.Write(writer, user, [.. principal.Scopes]);
            if (principal.Groups.Count > 0)
            {
                writer.WriteStartArray("groups");
                foreach (var group in principal.Groups.Order(StringComparer.Ordinal)) writer.WriteStringValue(group);
                writer.WriteEndArray();
            }

            writer.WriteEndObject();
        }

        await Exchange.JsonAsync(context, buffer.WrittenMemory);
    }

    private static Task ChallengeAsync(HttpContext context, Realm realm, string? error, string description, int status)
    {
        context.Response.Headers.WWWAuthenticate = error is null ? $"Bearer realm=\"{realm.Name}\"" : $"Bearer realm=\"{realm.Name}\", error=\"{error}\", error_description=\"{description}\"";
        return Exchange.ErrorAsync(context, new Wire.OAuth.OAuthError(error ?? "invalid_token", description, status));
    }
}
