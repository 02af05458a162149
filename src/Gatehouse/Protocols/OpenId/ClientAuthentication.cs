using System.Text;
using Gatehouse.Audit;
using Gatehouse.Clients;
using Gatehouse.Credentials;
using Gatehouse.Terms;
using Gatehouse.Tokens;
using Gatehouse.Wire.Jose;
using Gatehouse.Wire.OAuth;
using Gatehouse.Wire.Text;

namespace Gatehouse.Protocols.OpenId;

/// <summary>Client authentication at the token, introspection, revocation and PAR endpoints: <c>client_secret_basic</c>, <c>client_secret_post</c>, <c>private_key_jwt</c> (RFC 7523), <c>none</c> for public clients. Exactly one method at a time (RFC 6749, 2.3).</summary>
public sealed class ClientAuthentication(ClientStore clients, UsedAssertions used, Issuers issuers, Verifiers verifiers, AuditLog audit, TimeProvider time)
{
    private const string AssertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
    private static readonly TimeSpan LongestAssertion = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan Skew = TimeSpan.FromSeconds(60);

    // One text for unknown client, wrong secret and wrong method: nothing to probe.
    private static readonly OAuthError Failed = OAuthError.InvalidClient("Invalid client or Invalid client credentials");

    /// <summary>The client, or the error to answer, audited as <paramref name="refusal"/>. A public client passes only when <paramref name="publicToo"/>.</summary>
    public async ValueTask<(Client? Client, OAuthError? Error)> IdentifyAsync(HttpContext context, Realm realm, Parameters parameters, bool publicToo, string refusal)
    {
        var (client, error) = await IdentifyAsync(context, realm, parameters, publicToo);
        if (error is not null) audit.NoteRefusal(Exchange.Refusal(context, realm.Name, refusal, parameters["client_id"] ?? ((Finder.FindClient(context.Request.Headers) as Found.One)?.Credential.Name), error));
        return (client, error);
    }

    /// <summary>The bearer token in the Authorization header; null when there is none.</summary>
    public static Secret? BearerOf(HttpContext context) => Finder.Find(context.Request.Headers, null, context.Request.IsHttps) is Found.One { Credential: { Kind: CredentialKind.Bearer } credential } ? credential.Value : null;

    /// <summary>Whether the form has a proof of the client.</summary>
    public static bool HasProof(Parameters parameters) => parameters["client_secret"] is not null || parameters["client_assertion"] is not null;

    /// <summary>The client for which the bearer token was made, where that is enough; audited as <paramref name="refusal"/>.</summary>
    public async ValueTask<(Client? Client, OAuthError? Error)> OfBearerAsync(HttpContext context, Realm realm, Parameters parameters, Secret bearer, string refusal)
    {
        var verdict = await verifiers.VerifyOwnAsync(new Credential(CredentialKind.Bearer, CredentialPlace.Authorization, "Authorization", bearer), realm.Name, context.RequestAborted);
        var error = verdict is Verdict.Accepted ? null : new OAuthError("invalid_grant", "Invalid bearer token", 401);
        var client = verdict is Verdict.Accepted { Principal.Client: { } made } ? await clients.FindByClientIdAsync(realm.Name, made, context.RequestAborted) : null;
        if (error is null && (client is not { Enabled: true } || (parameters["client_id"] is { } named && named != client.ClientId))) error = Failed;
        if (error is null) return (client, null);
        audit.NoteRefusal(Exchange.Refusal(context, realm.Name, refusal, client?.ClientId ?? parameters["client_id"], error));
        return (null, error);
    }

    private async ValueTask<(Client? Client, OAuthError? Error)> IdentifyAsync(HttpContext context, Realm realm, Parameters parameters, bool publicToo)
    {
        var stop = context.RequestAborted;
        var basic = Finder.FindClient(context.Request.Headers);
        if (basic is Found.Conflict) return (null, OAuthError.InvalidRequest("The Authorization header cannot be read."));
        var header = (basic as Found.One)?.Credential;
        var secret = parameters["client_secret"];
        var assertion = parameters["client_assertion"];
        if ((header is not null ? 1 : 0) + (secret is not null ? 1 : 0) + (assertion is not null ? 1 : 0) > 1) return (null, OAuthError.InvalidRequest("More than one method of client authentication was used."));
        if (assertion is null && parameters["client_assertion_type"] is not null) return (null, OAuthError.InvalidRequest("The parameter 'client_assertion' is missing."));
        if (header is not null && parameters["client_id"] is { } repeated && repeated != header.Name) return (null, OAuthError.InvalidRequest("The client_id in the body is not the one in the Authorization header."));

        if (assertion is not null) return await ByAssertionAsync(context, realm, parameters, assertion, stop);
        var id = header?.Name ?? parameters["client_id"];
        if (id is null) return (null, OAuthError.InvalidClient("The client did not say who it is."));
        var client = await clients.FindByClientIdAsync(realm.Name, id, stop);
        var given = header?.Value ?? (secret is null ? null : new Secret(secret));
        if (client is not { Enabled: true }) return (null, Failed);
        if (client.Public) return publicToo && given is null ? (client, null) : (null, Failed);
        return given is not null && await clients.CheckSecretAsync(client, given, stop) ? (client, null) : (null, Failed);
    }

    // RFC 7523, 3: issuer and subject are the client, the audience is us, short life, used once.
    private async Task<(Client?, OAuthError?)> ByAssertionAsync(HttpContext context, Realm realm, Parameters parameters, string assertion, CancellationToken stop)
    {
        if (parameters["client_assertion_type"] != AssertionType) return (null, OAuthError.InvalidRequest("The parameter 'client_assertion_type' must be " + AssertionType + "."));
        if (!Jws.TryParse(assertion, Limits.Default, out var jws, out _) || !JwtClaims.TryParse(jws.Payload, Limits.Default, out var claims, out _)) return (null, Failed);
        var id = claims.Subject;
        if (id is null || claims.Issuer != id || (parameters["client_id"] is { } named && named != id)) return (null, Failed);
        if (await clients.FindByClientIdAsync(realm.Name, id, stop) is not { Enabled: true, Jwks: { } jwks } client) return (null, Failed);
        if (!JwkSet.TryParse(Encoding.UTF8.GetBytes(jwks), out var set, out _) || set.Find(jws.KeyId, jws.Algorithm.Name) is not { } key) return (null, Failed);
        using var verifier = new JoseVerifier(key);
        if (verifier.Verify(jws) != JoseError.None) return (null, Failed);

        var issuer = issuers.Of(realm.Name);
        // One audience only: an assertion that names a second one can be replayed by it. The endpoint itself counts too (RFC 9126, 2).
        if (claims.Audience is not [var audience] || (audience != issuer && audience != issuer + "/protocol/openid-connect/token" && audience != issuers.PublicUrl + context.Request.PathBase.Value + context.Request.Path.Value)) return (null, OAuthError.InvalidClient("The assertion is meant for another audience."));
        var now = time.GetUtcNow();
        if (claims.ExpiresAt is not { } exp || claims.Id is not { Length: > 0 and <= 255 } jti) return (null, OAuthError.InvalidClient("The assertion needs 'exp' and 'jti'."));
        var ends = DateTimeOffset.FromUnixTimeSeconds(exp);
        if (ends + Skew <= now) return (null, OAuthError.InvalidClient("The assertion has expired."));
        if (ends > now + LongestAssertion + Skew || claims.NotBefore > (now + Skew).ToUnixTimeSeconds() || claims.IssuedAt > (now + Skew).ToUnixTimeSeconds()) return (null, OAuthError.InvalidClient("The assertion lives longer than five minutes, or begins in the future."));
        return await used.TakeAsync(realm.Name, client.ClientId, jti, ends + Skew, stop) ? (client, null) : (null, OAuthError.InvalidClient("The assertion was used before."));
    }
}
