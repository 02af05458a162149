using System.Buffers;
using System.Collections.Immutable;
using System.Text.Json;
using Gatehouse.Credentials;
using Gatehouse.Credentials.Kinds;
using Gatehouse.Forwarding;
using Gatehouse.Gateway.Access;
using Gatehouse.Sessions;
using Gatehouse.Terms;
using Gatehouse.Tokens;

namespace Gatehouse.Gateway;

/// <summary>What a service's upstream is told about the principal, and what is taken from the client's request before. Whatever name carries identity for anyone is removed, whoever sent it.</summary>
public sealed class OutboundPlan
{
    // Ours, APISIX's, and what other gates and frameworks believe. The forwarder folds odd spellings (X_Userinfo) onto these.
    private static readonly string[] IdentityNames =
    [
        "Authorization", "X-Userinfo", "X-Access-Token", "X-ID-Token", "X-Refresh-Token", "X-Raw-ID-Token", "X-Auth-Token", "X-Gatehouse-Identity", "X-Consumer-Username", "X-Credential-Identifier", "X-Forwarded-User", "X-Forwarded-Email",
        "X-Forwarded-Groups", "X-Forwarded-Preferred-Username", "X-Forwarded-Access-Token", "X-Remote-User", "Remote-User", "Remote-Groups", "Remote-Email", "Remote-Name", "X-Auth-Request-User", "X-Auth-Request-Email", "X-Auth-Request-Groups",
        "X-Auth-Request-Access-Token", "X-Client-Cert", "X-SSL-Client-Cert", "X-SSL-Client-S-DN", "Client-Cert", "Client-Cert-Chain",
    ];

    private readonly Service service;
    private readonly string realm;
    private readonly ImmutableArray<string> cookies;
    private readonly ImmutableArray<HeaderLine> bot;
    private readonly bool wantsToken;
    private readonly ImmutableArray<SharedSecret> shared;
    private readonly LegacySecret? passes;

    // Index: 1 lets the client's Authorization pass, 2 takes its Referer out.
    private readonly RemovedNames[] removed;

    /// <summary>Plans once per service; <paramref name="routes"/> may be all of the file's.</summary>
    public OutboundPlan(Service service, string realm, ImmutableArray<Route> routes, ImmutableArray<SharedSecret> shared = default, Legacy? passed = null)
    {
        (this.service, this.realm, this.shared, cookies) = (service, realm, shared.IsDefault ? [] : shared, [Cookie.NameOf(realm, true), Cookie.NameOf(realm, false)]);
        passes = this.shared.FirstOrDefault(one => one.Plan.Name == passed?.Name)?.Verifier;
        // A bot knows its platform by a token of its own, which stands where ours would.
        bot = service.Events is { HasBotToken: true } events && ConfiguredSecret.Of(events.BotTokenVariable, events.BotTokenFile) is { } secret ? [new HeaderLine("Authorization", "Bearer " + secret.Reveal())] : [];
        wantsToken = bot.IsEmpty && (service.Identity.HasFlag(IdentityHeaders.Jwt) || !service.IdentityIn.Headers.IsEmpty || !service.IdentityIn.Queries.IsEmpty);
        // A shared secret reaches no upstream, whichever service its holder sends it to.
        string[] all = [.. IdentityNames, .. service.IdentityIn.Headers, .. service.TokenIn.Headers, .. routes.Where(route => route.Service.Name == service.Name && route.TokenIn is not null).SelectMany(route => route.TokenIn!.Headers), .. this.shared.SelectMany(one => one.Plan.Headers)];
        removed = [RemovedNames.Of(all), RemovedNames.Of(all[1..]), RemovedNames.Of([.. all, "Referer"]), RemovedNames.Of([.. all[1..], "Referer"])];
    }

    /// <summary>The finished request: target, identity, removals.</summary>
    public ValueTask<OutgoingRequest> MakeAsync(Ask ask, Decision.Pass pass, UpstreamTokens tokens, Action<UpgradedConnection>? upgraded, CancellationToken stop)
    {
        if (pass.Principal is not { } principal) return new(Make(ask, pass, [], null, upgraded));
        // Nearly always the token is there already: no state machine then.
        var token = wantsToken ? tokens.MintAsync(principal, realm, service.Audience, stop) : default;
        return token.IsCompletedSuccessfully ? new(Make(ask, pass, Identity(principal, pass, token.Result), token.Result, upgraded)) : MakeSlowlyAsync(ask, pass, token, upgraded);
    }

    private async ValueTask<OutgoingRequest> MakeSlowlyAsync(Ask ask, Decision.Pass pass, ValueTask<string> token, Action<UpgradedConnection>? upgraded)
    {
        var made = await token;
        return Make(ask, pass, Identity(pass.Principal!, pass, made), made, upgraded);
    }

    private OutgoingRequest Make(Ask ask, Decision.Pass pass, ImmutableArray<HeaderLine> identity, string? token, Action<UpgradedConnection>? upgraded)
    {
        // The page's own address may have held a token.
        var referer = ask.Headers.Referer is [{ } from] ? QueryTokens.Referer(from, pass.Route.Places.Queries) : null;
        return new()
        {
            Method = ask.Method, Target = TargetOf(ask, pass.Route, token), MayUpgrade = upgraded is not null, MaxBody = service.MaxBody, RemoveCookies = cookies, Upgraded = upgraded,
            Added = referer is null ? identity : identity.Add(new HeaderLine("Referer", referer)),
            Remove = removed[((pass.Route.IsPublic ? service.PassAuthorizationOnPublic : pass.Observed?.PassAuthorization == true) && !HoldsSecret(ask) ? 1 : 0) + (referer is null ? 0 : 2)],
            ClientAddress = ask.Address?.ToString() ?? "unknown", Scheme = ask.Scheme, Host = ask.Host,
        };
    }

    // A user's own password reaches no upstream; a browser sends it to public routes below the same prefix, too.
    private bool HoldsSecret(Ask ask)
        => (service.Accepts.Basic && Finder.HasBasic(ask.Headers)) || HoldsShared(ask);

    private bool HoldsShared(Ask ask)
        => !shared.IsEmpty && Finder.Find(ask.Headers, null, false) is Found.One { Credential: var sent } && shared.Any(one => one.Verifier.Find(sent.Value) is not null);

    private string TargetOf(Ask ask, Route route, string? token)
    {
        var path = ask.Path.Value;
        if (service.StripPrefix) path = path.Length == service.Prefix.Length ? "/" : path[service.Prefix.Length..];
        var query = ask.Query.Length == 0 ? "" : QueryTokens.Without(ask.Query, route.Places.Queries, service.IdentityIn.Queries);
        if (token is not null)
            foreach (var name in service.IdentityIn.Queries) query += $"{(query.Length == 0 ? '?' : '&')}{name}={Bare(token)}";
        return query.Length == 0 ? path : path + query;
    }

    private ImmutableArray<HeaderLine> Identity(Principal principal, Decision.Pass pass, string? token)
    {
        if (!bot.IsEmpty) return bot;
        if (service.Identity == IdentityHeaders.Jwt && service.IdentityIn.Headers.IsEmpty && passes is null) return [new HeaderLine("Authorization", token!)];
        var lines = ImmutableArray.CreateBuilder<HeaderLine>(4);
        if (service.Identity.HasFlag(IdentityHeaders.Jwt)) lines.Add(new HeaderLine("Authorization", token!));
        foreach (var name in service.IdentityIn.Headers) lines.Add(new HeaderLine(name, Bare(token!)));
        if (service.Identity.HasFlag(IdentityHeaders.AccessToken) && principal.Kind != PrincipalKind.Legacy && pass.Credential is { Kind: Credentials.CredentialKind.Bearer } bearer) lines.Add(new HeaderLine("X-Access-Token", bearer.Value.Reveal()));
        // Components that compare the shared secret themselves know one value only, whichever their clients still send, and clients that were weaned send none.
        if (passes?.First is { } first) lines.Add(new HeaderLine("X-Auth-Token", first.Reveal()));
        if ((service.Identity & (IdentityHeaders.Userinfo | IdentityHeaders.IdToken)) == IdentityHeaders.None) return lines.ToImmutable();
        var claims = Convert.ToBase64String(Claims(principal));
        if (service.Identity.HasFlag(IdentityHeaders.Userinfo)) lines.Add(new HeaderLine("X-Userinfo", claims));
        if (service.Identity.HasFlag(IdentityHeaders.IdToken)) lines.Add(new HeaderLine("X-ID-Token", claims));
        return lines.ToImmutable();
    }

    // The mint makes the value of an Authorization header, since nearly everybody wants that.
    private static string Bare(string token) => token["Bearer ".Length..];

    // As APISIX's openid-connect sends it: base64 of the claims in JSON.
    private static byte[] Claims(Principal p)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            writer.WriteString("sub", p.Subject);
            if (p.Issuer is not null) writer.WriteString("iss", p.Issuer);
            if (p.Name is not null) writer.WriteString("preferred_username", p.Name);
            if (p.Client is not null) writer.WriteString("azp", p.Client);
            if (p.Session is not null) writer.WriteString("sid", p.Session);
            if (p.Dialog is not null) writer.WriteString("dialog", p.Dialog);
            writer.WriteString("scope", string.Join(' ', p.Scopes));
            writer.WriteStartObject("realm_access");
            writer.WriteStartArray("roles");
            foreach (var role in p.Roles)
                if (!role.Contains('/', StringComparison.Ordinal)) writer.WriteStringValue(role);
            writer.WriteEndArray();
            writer.WriteEndObject();
            writer.WriteStartArray("groups");
            foreach (var group in p.Groups) writer.WriteStringValue(group);
            writer.WriteEndArray();
            writer.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }
}
