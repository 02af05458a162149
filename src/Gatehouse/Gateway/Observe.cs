using System.Diagnostics.Metrics;
using System.Net;
using Gatehouse.Audit;
using Gatehouse.Terms;

namespace Gatehouse.Gateway;

/// <summary>One record per decision: counters for all, an audit event for each refusal that concerns a known service, sampled in a flood. Paths and reasons, never a credential.</summary>
public sealed class Observe : IDisposable
{
    private readonly AuditLog audit;
    private readonly RefusalSampling sampling = new();
    private readonly Meter meter;
    private readonly Counter<long> passed;
    private readonly Counter<long> observed;
    private readonly Counter<long> refused;
    private readonly Counter<long> failed;

    /// <summary>Makes the meters.</summary>
    public Observe(AuditLog audit, IMeterFactory meters)
    {
        this.audit = audit;
        meter = meters.Create("gatehouse.gate");
        passed = meter.CreateCounter<long>("gate.passed", description: "Requests that passed, by service.");
        observed = meter.CreateCounter<long>("gate.observed", description: "Requests that passed although the rule would refuse them, by service and reason.");
        refused = meter.CreateCounter<long>("gate.refused", description: "Requests that were refused, by reason.");
        failed = meter.CreateCounter<long>("gate.failed", description: "Requests that passed and whose upstream failed, by service.");
    }

    /// <summary>It passed, or was let pass.</summary>
    public void Passed(Decision.Pass pass)
    {
        var service = new KeyValuePair<string, object?>("service", pass.Route.Service.Name);
        if (passed.Enabled) passed.Add(1, service);
        if (pass.Observed is { } although && observed.Enabled) observed.Add(1, service, new KeyValuePair<string, object?>("reason", although.Reason.Code));
    }

    /// <summary>It was refused.</summary>
    public void Refused(Decision.Refuse refuse, Ask? ask, string realm)
    {
        if (refused.Enabled) refused.Add(1, new KeyValuePair<string, object?>("reason", refuse.Reason.Code));
        if (refuse.Route is not { } route || ask is null) return;
        var standsFor = sampling.Take(route.Service.Name, refuse.Reason.Code, ask.Address, ask.At);
        if (standsFor == 0) return;
        audit.Note(new AuditEvent
        {
            Realm = realm, Type = AuditTypes.GateRefusal, Client = refuse.Principal?.Client, User = refuse.Principal?.Subject, Session = refuse.Principal?.Session, Address = ask.Address?.ToString(), Error = refuse.Reason.Code,
            Details = new Dictionary<string, string>
            {
                ["service"] = route.Service.Name, ["method"] = ask.Method, ["path"] = ask.Path.Value.Length > 256 ? ask.Path.Value[..256] : ask.Path.Value, ["rule"] = route.Rule?.Name ?? "public", ["missing"] = refuse.Missing ?? "", ["count"] = standsFor.ToString(),
            },
        });
    }

    /// <summary>Somebody asked for a decision who may not, or so that none can be made.</summary>
    public void Strange(string door, Reason reason, IPAddress? peer, DateTimeOffset at, string realm)
    {
        if (refused.Enabled) refused.Add(1, new KeyValuePair<string, object?>("reason", reason.Code));
        var standsFor = sampling.Take(door, reason.Code, peer, at);
        if (standsFor == 0) return;
        audit.Note(new AuditEvent { Realm = realm, Type = AuditTypes.GateRefusal, Address = peer?.ToString(), Error = reason.Code, Details = new Dictionary<string, string> { ["door"] = door, ["count"] = standsFor.ToString() } });
    }

    /// <summary>It passed, and the upstream failed.</summary>
    public void Failed(Route route, Reason reason)
    {
        if (failed.Enabled) failed.Add(1, new KeyValuePair<string, object?>("service", route.Service.Name), new KeyValuePair<string, object?>("reason", reason.Code));
    }

    /// <inheritdoc/>
    public void Dispose() => meter.Dispose();
}
