using System.Buffers;
using System.Text.Json;
using Gatehouse.People;
using Gatehouse.Protocols.OpenId;
using Gatehouse.Tokens;
using Gatehouse.Tokens.Grants;

namespace Gatehouse.Protocols.Uma;

/// <summary>UMA metadata of a realm (UMA 2.0 Grant, 2), with the members that Keycloak's clients and APISIX read.</summary>
public sealed class UmaMetadata(Realms realms, Issuers issuers)
{
    /// <summary>The document.</summary>
    public async Task AskAsync(HttpContext context)
    {
        if (await Exchange.RealmAsync(context, realms) is not { } realm) return;
        Cors.AllowAll(context);
        var issuer = issuers.Of(realm.Name);
        var protocol = issuer + "/protocol/openid-connect";
        var buffer = new ArrayBufferWriter<byte>(1024);
        await using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            writer.WriteString("issuer", issuer);
            writer.WriteString("authorization_endpoint", protocol + "/auth");
            writer.WriteString("token_endpoint", protocol + "/token");
            writer.WriteString("introspection_endpoint", protocol + "/token/introspect");
            writer.WriteString("end_session_endpoint", protocol + "/logout");
            writer.WriteString("jwks_uri", protocol + "/certs");
            writer.WriteStartArray("grant_types_supported");
            foreach (var grant in (string[])["client_credentials", "refresh_token", GrantNames.Uma]) writer.WriteStringValue(grant);
            writer.WriteEndArray();
            writer.WriteString("resource_registration_endpoint", issuer + "/authz/protection/resource_set");
            writer.WriteEndObject();
        }

        context.Response.ContentType = "application/json";
        context.Response.Headers.CacheControl = "public, max-age=300";
        context.Response.ContentLength = buffer.WrittenCount;
        await context.Response.Body.WriteAsync(buffer.WrittenMemory, context.RequestAborted);
    }
}
