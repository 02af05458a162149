using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Gatehouse.ResourceServer;

/// <summary>Authenticates requests by bearer token; answers 401, 403 and 503 with RFC 6750's challenges and problem+json (RFC 9457).</summary>
internal sealed class GatehouseHandler(IOptionsMonitor<GatehouseOptions> options, ILoggerFactory loggers, UrlEncoder encoder) : AuthenticationHandler<GatehouseOptions>(options, loggers, encoder)
{
    /// <summary>Where the holder is kept for <c>HttpContext.TokenHolder()</c>.</summary>
    internal static readonly object HolderKey = new();

    private TokenFault fault = TokenFault.Missing;

    protected override async Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        var (token, unread) = TokenTrust.Find(Request.Headers.Authorization);
        if (token is null)
        {
            fault = unread!;
            return ReferenceEquals(fault, TokenFault.Missing) ? AuthenticateResult.NoResult() : AuthenticateResult.Fail(fault.Code);
        }

        var judgement = await Options.Judge!.JudgeAsync(token, Context.RequestAborted);
        if (judgement.Holder is not { } holder)
        {
            fault = judgement.Fault!;
            return AuthenticateResult.Fail(fault.Code);
        }

        Context.Items[HolderKey] = holder;
        return AuthenticateResult.Success(new AuthenticationTicket(holder.ToPrincipal(Scheme.Name), Scheme.Name));
    }

    protected override async Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        // It may be asked without having been asked who it is.
        await HandleAuthenticateOnceSafeAsync();
        await SendAsync(fault, null);
    }

    protected override Task HandleForbiddenAsync(AuthenticationProperties properties)
    {
        var scopes = Context.Items.TryGetValue(ScopeNeed.Key, out var missing) ? (string?)missing : null;
        return SendAsync(scopes is null ? TokenFault.Denied : TokenFault.Scope, scopes);
    }

    private async Task SendAsync(TokenFault told, string? scopes)
    {
        if (told.Status is 400 or 401 or 403)
            Response.Headers.Append("WWW-Authenticate", $"Bearer realm=\"{Options.Realm}\"" + (told.Error is { } error ? $", error=\"{error}\", error_description=\"{told.Title}\"" : "") + (scopes is null ? "" : $", scope=\"{scopes}\""));
        if (told.Status == 503) Response.Headers.RetryAfter = "5";
        var buffer = new ArrayBufferWriter<byte>(256);
        await using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("type", "urn:gatehouse:error:" + told.Code);
            json.WriteString("title", told.Title);
            json.WriteNumber("status", told.Status);
            json.WriteString("code", told.Code);
            json.WriteEndObject();
        }

        (Response.StatusCode, Response.ContentType, Response.ContentLength) = (told.Status, "application/problem+json", buffer.WrittenCount);
        Response.Headers.CacheControl = "no-store";
        if (!HttpMethods.IsHead(Request.Method)) await Response.Body.WriteAsync(buffer.WrittenMemory, Context.RequestAborted);
    }
}
