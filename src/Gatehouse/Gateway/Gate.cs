using Gatehouse.Forwarding;
using Gatehouse.Gateway.Access;
using Gatehouse.Terms;
using Gatehouse.Tokens;

namespace Gatehouse.Gateway;

/// <summary>The road of a request through the gate: ask, decide, tell the upstream who, forward, record.</summary>
public sealed class Gate(Rules rules, Gatekeeper gatekeeper, Refusal refusal, UpstreamTokens tokens, Forwarder forwarder, LiveConnections live, Observe observe, Issuers issuers, TimeProvider time, IHostApplicationLifetime lifetime)
{
    /// <summary>Handles a request that is not identity's.</summary>
    public async Task HandleAsync(HttpContext context)
    {
        var now = rules.Now;
        if (Asking.Of(context, now.Proxies, time.GetUtcNow()) is not { } ask)
        {
            await RefuseAsync(context, null, new Decision.Refuse(Reasons.PathAmbiguous), now);
            return;
        }

        // No token of the request's own: asking Kestrel for one costs an allocation and a registration, and a verification is bounded by itself.
        switch (await gatekeeper.DecideAsync(ask, now, issuers.IsTls, CancellationToken.None))
        {
            case Decision.Refuse refuse:
                await RefuseAsync(context, ask, refuse, now);
                return;
            case Decision.Pass pass:
                await ForwardAsync(context, ask, pass, now);
                return;
        }
    }

    private async Task ForwardAsync(HttpContext context, Ask ask, Decision.Pass pass, Ruleset now)
    {
        var service = pass.Route.Service;
        observe.Passed(pass.Route);
        var principal = pass.Principal;
        Action<UpgradedConnection>? upgraded = !service.Upgrade ? null : principal is null ? static _ => { } : connection => live.Enter(connection, principal);
        var request = await now.Outbound[service.Name].MakeAsync(ask, pass, tokens, upgraded, CancellationToken.None);
        var result = await forwarder.ForwardAsync(context, now.Upstreams[service.Name], request, CancellationToken.None);
        if (ForwardErrors.ReasonOf(result.Error) is not { } reason) return;
        observe.Failed(pass.Route, reason);
        if (result.ResponseStarted) return;
        if (reason.Status == 503) context.Response.Headers.RetryAfter = lifetime.ApplicationStopping.IsCancellationRequested ? "5" : "1";
        await Refusal.ProblemAsync(context, reason, null);
    }

    private Task RefuseAsync(HttpContext context, Ask? ask, Decision.Refuse refuse, Ruleset now)
    {
        observe.Refused(refuse, ask, now.File.Realm);
        return refusal.SendAsync(context, ask, refuse, now);
    }
}
