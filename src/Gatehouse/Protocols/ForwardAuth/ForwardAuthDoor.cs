using System.Collections.Immutable;
using System.Net;
using Gatehouse.Gateway;
using Gatehouse.Gateway.Access;
using Gatehouse.Terms;
using Gatehouse.Tokens;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Options;

namespace Gatehouse.Protocols.ForwardAuth;

/// <summary>
/// A proxy asks about a client's request: an ask is made of its description, and the gate's own <see cref="Gatekeeper"/> decides, so that both doors always agree. Looked at before routing, by the raw target: a router would
/// tidy the client's path, which is part of the address for some brands, and another endpoint would say yes.
/// </summary>
internal sealed class ForwardAuthDoor(Rules rules, Gatekeeper gatekeeper, DecisionRecord record, Observe observe, Refusal refusal, AllowedAnswer allowed, Issuers issuers, IOptions<ForwardAuthSettings> settings, TimeProvider time)
{
    private const string Prefix = "/forward-auth";
    private const string StatusHeader = "Gatehouse-Status";
    private static readonly string[] Handshake = ["Sec-WebSocket-Key", "Sec-WebSocket-Version", "Sec-WebSocket-Protocol", "Sec-WebSocket-Extensions"];

    private readonly ImmutableArray<IPNetwork> proxies = ForwardAuthRoom.ProxiesOf(settings);

    /// <summary>Whether a raw target belongs here.</summary>
    public bool Takes(ReadOnlySpan<char> target) => !proxies.IsEmpty && IsBelow(target);

    /// <summary>Whether a raw target would belong here, if the door were open.</summary>
    public static bool IsBelow(ReadOnlySpan<char> target) => target.StartsWith(Prefix, StringComparison.Ordinal) && (target.Length == Prefix.Length || target[Prefix.Length] is '/' or '?');

    /// <summary>Answers. <paramref name="isIdentity"/> says of a target that it never comes to the gate, since we answer it ourselves: a route beside it would let through what the gate never sees.</summary>
    public async Task AnswerAsync(HttpContext context, Predicate<string> isIdentity)
    {
        var (now, at) = (rules.Now, time.GetUtcNow());
        if (!Asking.IsFrom(context, proxies))
        {
            await StrangeAsync(context, null, Reasons.ForwardProxy, null, now, at);
            return;
        }

        var raw = context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        if (!TrySplit(raw, out var brand, out var rest))
        {
            await StrangeAsync(context, null, Reasons.ForwardIncomplete, $"an address of {string.Join(", ", Brand.All.Keys.Order(StringComparer.Ordinal).Select(name => $"{Prefix}/{name}"))}", now, at);
            return;
        }

        var described = brand.Read(context, rest, settings.Value);
        // Without it every client would be the proxy: limits and the record go by the address.
        if (described.Refused is null && context.Request.Headers["X-Forwarded-For"].Count == 0) described = Described.Incomplete("X-Forwarded-For");
        if (described.Refused is null && (context.Request.Headers["X-Forwarded-Proto"].Count > 1 || context.Request.Headers["X-Forwarded-Host"].Count > 1)) described = Described.Incomplete("X-Forwarded-Proto and X-Forwarded-Host, once each");
        if (described.Refused is { } refused)
        {
            await StrangeAsync(context, brand, refused, described.Missing, now, at);
            return;
        }

        var socket = ShowHandshake(context.Request.Headers, brand);
        await DecideAsync(context, brand, described, isIdentity(described.Target), socket, now, at);
    }

    private async Task DecideAsync(HttpContext context, Brand brand, Described described, bool ours, bool socket, Ruleset now, DateTimeOffset at)
    {
        if (Asking.Of(context, described.Method, described.Target, [.. proxies, .. rules.Proxies], at) is not { } ask)
        {
            await RefuseAsync(context, brand, null, new Decision.Refuse(Reasons.PathAmbiguous), now);
            return;
        }

        if (ours)
        {
            await RefuseAsync(context, brand, ask, new Decision.Refuse(Reasons.ForwardGateOnly, Missing: "Gatehouse itself, which answers this address: lead it there"), now);
            return;
        }

        var decision = await gatekeeper.DecideAsync(ask, now, issuers.IsTls, null, context.RequestAborted);
        if (decision is Decision.Pass whole && GateOnly(whole, socket) is { } why) decision = new Decision.Refuse(Reasons.ForwardGateOnly, whole.Route, whole.Principal, why);
        if (decision is Decision.Refuse refuse) decision = record.Refused(ask, refuse, now);
        if (decision is not Decision.Pass pass)
        {
            await SendAsync(context, brand, ask, (Decision.Refuse)decision, now);
            return;
        }

        record.Passed(ask, pass, now);
        await allowed.WriteAsync(context, brand, ask, pass, now, context.RequestAborted);
    }

    // What only the gate can hold, since it has the body or the connection.
    private static string? GateOnly(Decision.Pass pass, bool socket)
        => pass is { Principal.Dialog: not null, Route.Dialog.Body: not null } ? "the body, which must name the dialog"
            : pass.Route.Service.Events is not null ? "the body, in which the bot's token is put"
            // The answer would show it: one slip in the proxy's configuration, and it is everybody's.
            : pass is { Principal: not null, Route.Service.PassSecret: not null } ? "the gate's own forwarding, since this service is sent a shared secret"
            : !pass.Route.Service.Upgrade && socket ? "a request without an upgrade: this service takes no sockets"
            : null;

    // Proxies take Upgrade out before they ask, as it belongs to the hop; what a browser's WebSocket sends besides stays, and no script can write it. Whether another site caused a request with a cookie depends on it.
    // True where it is known to be one; what is only taken for one counts for cookies alone, since programs that are no browsers look the same.
    private static bool ShowHandshake(IHeaderDictionary headers, Brand brand)
    {
        if (headers.Upgrade.Count > 0) return true;
        var shown = Handshake.Any(name => headers[name].Count > 0);
        if (shown || (!brand.ShowsAll && headers["Sec-Fetch-Site"].Count == 0)) headers.Upgrade = "websocket";
        return shown;
    }

    private Task RefuseAsync(HttpContext context, Brand brand, Ask? ask, Decision.Refuse refuse, Ruleset now) => SendAsync(context, brand, ask, (Decision.Refuse)record.Refused(ask, refuse, now), now);

    private Task SendAsync(HttpContext context, Brand? brand, Ask? ask, Decision.Refuse refuse, Ruleset now)
    {
        context.Response.OnStarting(() =>
        {
            context.Response.Headers[StatusHeader] = context.Response.StatusCode.ToString();
            context.Response.Headers["Gatehouse-Code"] = refuse.Reason.Code;
            brand?.Bend(context.Response);
            return Task.CompletedTask;
        });
        return refusal.SendAsync(context, ask, refuse, now);
    }

    private Task StrangeAsync(HttpContext context, Brand? brand, Reason reason, string? missing, Ruleset now, DateTimeOffset at)
    {
        observe.Strange("forward-auth", reason, context.Connection.RemoteIpAddress, at, now.File.Realm);
        return SendAsync(context, brand, null, new Decision.Refuse(reason, Missing: missing), now);
    }

    // "/forward-auth/envoy/ccm/x?y=1" is envoy and "/ccm/x?y=1".
    private static bool TrySplit(string raw, out Brand brand, out string rest)
    {
        (brand, rest) = (null!, "");
        if (raw.Length <= Prefix.Length + 1 || raw[Prefix.Length] != '/') return false;
        var name = raw.AsSpan(Prefix.Length + 1);
        var end = name.IndexOfAny('/', '?');
        if (end >= 0) rest = name[end..].ToString();
        if (end >= 0) name = name[..end];
        return Brand.All.TryGetValue(name.ToString(), out brand!);
    }
}
