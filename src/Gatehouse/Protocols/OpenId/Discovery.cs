using System.Buffers;
using System.Text;
using System.Text.Json;
using Gatehouse.Keys;
using Gatehouse.People;
using Gatehouse.Tokens;
using Gatehouse.Tokens.Grants;
using Gatehouse.Wire.Jose;

namespace Gatehouse.Protocols.OpenId;

/// <summary>Metadata (OpenID Connect Discovery 1.0; RFC 8414) and keys of a realm.</summary>
public sealed class Discovery(Realms realms, Issuers issuers, SigningKeys keys)
{
    /// <summary>The metadata document.</summary>
    public async Task MetadataAsync(HttpContext context)
    {
        if (await Exchange.RealmAsync(context, realms) is not { } realm) return;
        Cors.AllowAll(context);
        var issuer = issuers.Of(realm.Name);
        var buffer = new ArrayBufferWriter<byte>(4096);
        await using (var writer = new Utf8JsonWriter(buffer)) Write(writer, issuer, issuer + "/protocol/openid-connect");
        await PublicAsync(context, buffer.WrittenMemory);
    }

    /// <summary>The key set. Short to keep: a rotated key is announced an hour ahead.</summary>
    public async Task CertsAsync(HttpContext context)
    {
        if (await Exchange.RealmAsync(context, realms) is not { } realm) return;
        await keys.SignerAsync(realm.Name, realm.SigningAlgorithm, context.RequestAborted); // the first key is made when first asked for
        Cors.AllowAll(context);
        await PublicAsync(context, Encoding.UTF8.GetBytes((await keys.PublishedAsync(realm.Name, context.RequestAborted)).ToJson()));
    }

    // The same for everybody: kept for a while, unlike all other answers of this protocol.
    private static async Task PublicAsync(HttpContext context, ReadOnlyMemory<byte> body)
    {
        context.Response.ContentType = "application/json";
        context.Response.Headers.CacheControl = "public, max-age=300";
        context.Response.ContentLength = body.Length;
        await context.Response.Body.WriteAsync(body, context.RequestAborted);
    }

    private static void Write(Utf8JsonWriter writer, string issuer, string protocol)
    {
        string[] methods = ["client_secret_basic", "client_secret_post", "private_key_jwt"];
        writer.WriteStartObject();
        writer.WriteString("issuer", issuer);
        writer.WriteString("authorization_endpoint", protocol + "/auth");
        writer.WriteString("token_endpoint", protocol + "/token");
        writer.WriteString("introspection_endpoint", protocol + "/token/introspect");
        writer.WriteString("userinfo_endpoint", protocol + "/userinfo");
        writer.WriteString("end_session_endpoint", protocol + "/logout");
        writer.WriteString("jwks_uri", protocol + "/certs");
        writer.WriteString("revocation_endpoint", protocol + "/revoke");
        writer.WriteString("pushed_authorization_request_endpoint", protocol + "/ext/par/request");
        List(writer, "grant_types_supported", ["authorization_code", "refresh_token", "client_credentials", ExchangeGrant.Name, GrantNames.Uma, AssertionGrants.Jwt, AssertionGrants.Saml]);
        List(writer, "response_types_supported", ["code"]);
        List(writer, "response_modes_supported", ["query", "fragment", "form_post"]);
        List(writer, "subject_types_supported", ["public"]);
        List(writer, "id_token_signing_alg_values_supported", JoseAlgorithm.Names);
        List(writer, "token_endpoint_auth_methods_supported", [.. methods, "none"]);
        List(writer, "token_endpoint_auth_signing_alg_values_supported", JoseAlgorithm.Names);
        List(writer, "introspection_endpoint_auth_methods_supported", methods);
        List(writer, "introspection_endpoint_auth_signing_alg_values_supported", JoseAlgorithm.Names);
        List(writer, "revocation_endpoint_auth_methods_supported", [.. methods, "none"]);
        List(writer, "revocation_endpoint_auth_signing_alg_values_supported", JoseAlgorithm.Names);
        List(writer, "code_challenge_methods_supported", ["S256"]);
        List(writer, "scopes_supported", ["openid", "profile", "email", "roles", "offline_access"]);
        List(writer, "prompt_values_supported", ["none", "login", "consent", "select_account"]);
        List(writer, "acr_values_supported", ["1"]);
        List(writer, "ui_locales_supported", ["en", "fr", "de"]);
        List(writer, "claims_supported", ["iss", "sub", "aud", "exp", "iat", "auth_time", "acr", "amr", "azp", "sid", "nonce", "name", "given_name", "family_name", "preferred_username", "email", "email_verified", "groups", "realm_access", "resource_access"]);
        writer.WriteBoolean("claims_parameter_supported", false);
        writer.WriteBoolean("request_parameter_supported", false);
        writer.WriteBoolean("request_uri_parameter_supported", false);
        writer.WriteBoolean("require_pushed_authorization_requests", false);
        writer.WriteBoolean("authorization_response_iss_parameter_supported", true);
        writer.WriteEndObject();
    }

    private static void List(Utf8JsonWriter writer, string name, IEnumerable<string> values)
    {
        writer.WriteStartArray(name);
        foreach (var value in values) writer.WriteStringValue(value);
        writer.WriteEndArray();
    }
}
