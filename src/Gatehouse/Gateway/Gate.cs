using Gatehouse.Dialogs;
using Gatehouse.Forwarding;
using Gatehouse.Gateway.Access;
using Gatehouse.Terms;
using Gatehouse.Tokens;

namespace Gatehouse.Gateway;

/// <summary>The road of a request through the gate: ask, decide, tell the upstream who, forward, record.</summary>
public sealed class Gate(Rules rules, Gatekeeper gatekeeper, Refusal refusal, UpstreamTokens tokens, Forwarder forwarder, LiveConnections live, DialogBinding binding, DialogStreams streams, DialogWork dialogs, Observe observe, Observing observing, Issuers issuers, TimeProvider time, IHostApplicationLifetime lifetime)
{
    // For developers of clients: their request passed, and will not when observing ends.
    private const string ObservedHeader = "Gatehouse-Observed";

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
        => decision is Decision.Pass pass ? pass.Principal?.Dialog is null ? ForwardAsync(context, ask, pass, now, null) : ForDialogAsync(context, ask, pass, now) : RefuseAsync(context, ask, (Decision.Refuse)decision, now);

    // A dialog's token: the body must name the dialog too where the route says so, and what is under way ends with it.
    private async Task ForDialogAsync(HttpContext context, Ask ask, Decision.Pass pass, Ruleset now)
    {
        if (pass.Route.Dialog!.Body is { } member)
        {
            var refused = await DialogBinding.CheckBodyAsync(context, member, pass.Principal!) ?? (binding.IsAllowedNow(pass.Route, pass.Principal!) ? null : Reasons.DialogEnded);
            if (refused is not null)
            {
                await RefuseAsync(context, ask, new Decision.Refuse(refused, pass.Route, pass.Principal), now);
                return;
            }
        }

        using var stream = streams.Enter(pass);
        await ForwardAsync(context, ask, pass, now, stream);
    }

    private async Task ForwardAsync(HttpContext context, Ask ask, Decision.Pass pass, Ruleset now, DialogStreams.Stream? stream)
    {
        var service = pass.Route.Service;
        observe.Passed(pass);
        if (pass.Observed is { Under.Tell: true } observed) context.Response.Headers[ObservedHeader] = observed.Reason.Code;
        var request = await now.Outbound[service.Name].MakeAsync(ask, pass, tokens, MayUpgrade(context, service) ? Entering(pass, stream) : null, CancellationToken.None);
        var result = await forwarder.ForwardAsync(context, now.Upstreams[service.Name], request, stream?.Ended ?? CancellationToken.None, lifetime.ApplicationStopping);
        if (ForwardErrors.ReasonOf(result.Error) is not { } reason) return;
        observe.Failed(pass.Route, reason);
        if (result.ResponseStarted) return;
        if (stream?.Ended.IsCancellationRequested == true) reason = Reasons.DialogEnded;
        if (reason.Status == 503) context.Response.Headers.RetryAfter = lifetime.ApplicationStopping.IsCancellationRequested ? "5" : "1";
        await Refusal.AnswerAsync(context, service, reason, null);
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
        if (ask is not null && observing.Instead(refuse, ask, now) is { } instead)
        {
            if (instead is Decision.Pass pass) return ForwardAsync(context, ask, pass, now, null);
            refuse = (Decision.Refuse)instead;
        }

        observe.Refused(refuse, ask, now.File.Realm);
        if (ReferenceEquals(refuse.Reason, Reasons.DialogOther) && refuse.Principal is { Dialog: { } dialog, IssuedAt: { } issued } holder) dialogs.Misused(holder.Realm, dialog, issued, ask?.Address?.ToString());
        return refusal.SendAsync(context, ask, refuse, now);
    }
}
