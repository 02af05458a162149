using Gatehouse.Forwarding;
using Gatehouse.Gateway.Access;
using Gatehouse.Terms;
using Gatehouse.Tokens;

namespace Gatehouse.Gateway;

/// <summary>The road of a request through the gate: ask, decide, tell the upstream who, forward, record.</summary>
public sealed class Gate(Rules rules, Gatekeeper gatekeeper, Refusal refusal, UpstreamTokens tokens, Forwarder forwarder, LiveConnections live, DialogBinding binding, DialogStreams streams, Events.EventRoad events, Observe observe, DecisionRecord record, Issuers issuers, TimeProvider time, IHostApplicationLifetime lifetime)
{
    /// <summary>For developers of clients: their request passed, and will not when observing ends.</summary>
    public const string ObservedHeader = "Gatehouse-Observed";

    /// <summary>Handles a request that is not identity's.</summary>
    public Task HandleAsync(HttpContext context)
    {
        var now = rules.Now;
        if (Asking.Of(context, rules.Proxies, time.GetUtcNow()) is not { } ask) return RefuseAsync(context, null, new Decision.Refuse(Reasons.PathAmbiguous), now);

        // No token of the request's own: asking Kestrel for one costs an allocation and a registration, and a verification is bounded by itself.
        var deciding = gatekeeper.DecideAsync(ask, now, issuers.IsTls, ConnectionMemo.Of(context), CancellationToken.None);
        return deciding.IsCompletedSuccessfully ? FollowAsync(context, ask, deciding.Result, now) : WaitAsync(context, ask, deciding, now);
    }

    private async Task WaitAsync(HttpContext context, Ask ask, ValueTask<Decision> deciding, Ruleset now) => await FollowAsync(context, ask, await deciding, now);

    private Task FollowAsync(HttpContext context, Ask ask, Decision decision, Ruleset now)
        => decision switch
        {
            Decision.Pass { Principal.Dialog: not null } pass => ForDialogAsync(context, ask, pass, now),
            Decision.Pass { Route.Service.Events: not null } pass => ForBotAsync(context, ask, pass, now),
            Decision.Pass pass => ForwardAsync(context, ask, pass, now, null),
            _ => RefuseAsync(context, ask, (Decision.Refuse)decision, now),
        };

    // A dialog's token: the body must name the dialog too where the route says so, and what is under way ends with it.
    private async Task ForDialogAsync(HttpContext context, Ask ask, Decision.Pass pass, Ruleset now)
    {
        using var stream = streams.Enter(pass);
        if (pass.Route.Dialog!.Body is not null)
        {
            var refused = await binding.CheckBodyAsync(context, pass.Route, pass.Principal!, stream.Ended);
            if (!binding.IsAllowedNow(pass.Route, pass.Principal!)) refused = Reasons.DialogEnded;
            if (refused is not null)
            {
                await RefuseAsync(context, ask, new Decision.Refuse(refused, pass.Route, pass.Principal), now);
                return;
            }
        }

        await ForwardAsync(context, ask, pass, now, stream);
    }

    // A platform's event on its way to a bot.
    private async Task ForBotAsync(HttpContext context, Ask ask, Decision.Pass pass, Ruleset now)
    {
        var (body, refused) = await events.PrepareAsync(context, ask, pass, pass.Route.Service.Events!, now.File.Realm);
        if (refused is not null)
        {
            await RefuseAsync(context, ask, new Decision.Refuse(refused, pass.Route, pass.Principal, RetryAfter: refused.Status == 503 ? TimeSpan.FromSeconds(2) : null), now);
            return;
        }

        record.Passed(ask, pass, now);
        for (var attempt = 1; ; attempt++)
        {
            context.Request.Body = new MemoryStream(body);
            context.Request.ContentLength = body.Length;
            if (!await TryForwardAsync(context, ask, pass, now, null, last: attempt == pass.Route.Service.Events!.Attempts)) return;
            await Task.Delay(TimeSpan.FromMilliseconds(100 << (2 * (attempt - 1))), time, context.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (context.RequestAborted.IsCancellationRequested) return;
        }
    }

    private Task ForwardAsync(HttpContext context, Ask ask, Decision.Pass pass, Ruleset now, DialogStreams.Stream? stream)
    {
        record.Passed(ask, pass, now);
        return TryForwardAsync(context, ask, pass, now, stream, last: true);
    }

    // True when the upstream did not answer at all, and another attempt is to follow.
    private async Task<bool> TryForwardAsync(HttpContext context, Ask ask, Decision.Pass pass, Ruleset now, DialogStreams.Stream? stream, bool last)
    {
        var service = pass.Route.Service;
        if (pass.Observed is { Under.Tell: true } observed) context.Response.Headers[ObservedHeader] = observed.Reason.Code;
        var request = await now.Outbound[service.Name].MakeAsync(ask, pass, tokens, MayUpgrade(context, service) ? Entering(pass, stream) : null, CancellationToken.None);
        var result = await forwarder.ForwardAsync(context, now.Upstreams[service.Name], request, stream?.Ended ?? CancellationToken.None, lifetime.ApplicationStopping);
        if (ForwardErrors.ReasonOf(result.Error) is not { } reason) return false;
        observe.Failed(pass.Route, reason);
        if (result.ResponseStarted) return false;
        if (!last && reason.Status is (502 or 503)) return true;
        if (stream?.Ended.IsCancellationRequested == true) reason = Reasons.DialogEnded;
        if (reason.Status == 503) context.Response.Headers.RetryAfter = lifetime.ApplicationStopping.IsCancellationRequested ? "5" : "1";
        await Refusal.AnswerAsync(context, service, reason, null);
        return false;
    }

    // Over HTTP/2 a WebSocket comes as an extended CONNECT (RFC 8441), without the header.
    private static bool MayUpgrade(HttpContext context, Service service) => service.Upgrade && (context.Request.Headers.Upgrade.Count > 0 || HttpMethods.IsConnect(context.Request.Method));

    private Action<UpgradedConnection> Entering(Decision.Pass pass, DialogStreams.Stream? stream) => connection =>
    {
        live.Enter(connection, pass);
        stream?.Becomes(connection);
    };

    private Task RefuseAsync(HttpContext context, Ask? ask, Decision.Refuse refuse, Ruleset now)
    {
        return record.Refused(ask, refuse, now) switch
        {
            Decision.Pass pass => ForwardAsync(context, ask!, pass, now, null),
            var stays => refusal.SendAsync(context, ask, (Decision.Refuse)stays, now),
        };
    }
}
