using Gatehouse.Audit;
using Gatehouse.Terms;

namespace Gatehouse.Facades.Gadgets;

/// <summary>Audits what gadgets are refused: who, which gadget, to which host, why. A flood fills no log: after sixty of one reason in a minute the rest of it is only counted.</summary>
internal sealed class Refusals(AuditLog audit, Ground ground, TimeProvider time)
{
    private const int Most = 60;
    private readonly System.Collections.Concurrent.ConcurrentDictionary<string, Flow> flows = new();

    public void Note(HttpContext context, Reason reason, string? detail, SecurityToken? st, string url)
    {
        if (flows.GetOrAdd(reason.Code, static _ => new Flow()).Take(time.GetUtcNow().ToUnixTimeSeconds() / 60) is not { } stands) return;
        var details = new Dictionary<string, string> { ["gadget"] = st?.Gadget ?? "", ["host"] = Host(url) };
        if (detail is not null) details["reason"] = detail;
        Write(context, reason, details, stands, st?.User, st?.Session);
    }

    /// <summary>A forged message that an agent's desktop heard: from which gadget, if from one, in whose name, from which origin, heard by whom.</summary>
    public void Forged(HttpContext context, Principal agent, Dictionary<string, string> details)
    {
        if (flows.GetOrAdd(Reasons.GadgetForged.Code, static _ => new Flow()).Take(time.GetUtcNow().ToUnixTimeSeconds() / 60) is { } stands) Write(context, Reasons.GadgetForged, details, stands, agent.Subject, agent.Session);
    }

    private void Write(HttpContext context, Reason reason, Dictionary<string, string> details, int stands, string? user, string? session)
    {
        if (stands > 1) details["stands_for"] = stands.ToString(System.Globalization.CultureInfo.InvariantCulture);
        audit.Note(new AuditEvent { Realm = ground.Settings.Realm, Type = "GADGET_REQUEST_ERROR", Client = ground.Settings.Client, User = user, Session = session, Address = context.Connection.RemoteIpAddress?.ToString(), Error = reason.Code, Details = details });
    }

    // Never the whole address: a query may hold what is nobody's business.
    private static string Host(string url) => Uri.TryCreate(url, UriKind.Absolute, out var read) && read.Host.Length <= 255 ? $"{read.Scheme}://{read.Host}:{read.Port}" : "";

    private sealed class Flow
    {
        private readonly Lock door = new();
        private long minute;
        private int count;

        public int? Take(long now)
        {
            lock (door)
            {
                if (minute != now)
                {
                    var missed = Math.Max(0, count - Most);
                    (minute, count) = (now, 1);
                    return missed + 1;
                }

                return ++count <= Most ? 1 : null;
            }
        }
    }
}
