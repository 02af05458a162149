using System.Buffers;
using System.Text.Json;
using Gatehouse.Gateway.Access;
using Gatehouse.Tokens;

namespace Gatehouse.Gateway;

/// <summary>Protected resource metadata (RFC 9728) of each service: which authorization server to ask, which scopes exist.</summary>
public sealed class ResourceMetadata(Rules rules, Issuers issuers)
{
    /// <summary>Answers <c>/.well-known/oauth-protected-resource/{prefix}</c>.</summary>
    public async Task SendAsync(HttpContext context)
    {
        var now = rules.Now;
        var prefix = "/" + (string?)context.Request.RouteValues["prefix"];
        var service = now.File.Services.FirstOrDefault(one => one.Prefix == prefix);
        if (service is null)
        {
            await Refusal.ProblemAsync(context, Terms.Reasons.RouteUnknown, null);
            return;
        }

        var buffer = new ArrayBufferWriter<byte>(512);
        await using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            writer.WriteString("resource", issuers.PublicUrl + service.Prefix);
            writer.WriteStartArray("authorization_servers");
            if (service.Accepts.Token) writer.WriteStringValue(issuers.Of(now.File.Realm));
            foreach (var name in service.Accepts.Issuers)
                if (now.File.Issuers[name].Issuer is { } issuer) writer.WriteStringValue(issuer);
            writer.WriteEndArray();
            writer.WriteStartArray("scopes_supported");
            foreach (var scope in now.Routes.Routes.Where(route => route.Service == service && route.Rule is not null).SelectMany(route => route.Rule!.Scopes).Distinct()) writer.WriteStringValue(scope);
            writer.WriteEndArray();
            writer.WriteStartArray("bearer_methods_supported");
            writer.WriteStringValue("header");
            writer.WriteEndArray();
            writer.WriteString("resource_name", service.Name);
            writer.WriteEndObject();
        }

        context.Response.ContentType = "application/json";
        context.Response.Headers.AccessControlAllowOrigin = "*";
        await context.Response.Body.WriteAsync(buffer.WrittenMemory, context.RequestAborted);
    }
}
