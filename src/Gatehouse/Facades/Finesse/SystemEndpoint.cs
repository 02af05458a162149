using System.Globalization;
using System.Xml;

namespace Gatehouse.Facades.Finesse;

/// <summary>
/// <c>GET /finesse/api/SystemInfo</c>, which clients ask before they know how to sign in: so it asks for nothing. Says how to sign in, and all else that the
/// vendor's object has. There is no CTI server here: what answers for the agents' seats and states is this program, so the heartbeat is whether it can.
/// </summary>
internal sealed class SystemEndpoint(Site site, Modes modes, TimeProvider time)
{
    // Seconds, as the vendor's own.
    private const int Beat = 2;

    private long heard;

    public async Task AskAsync(HttpContext context)
    {
        var missing = (await site.OpenAsync(context.RequestAborted)).Missing;
        var hosts = site.Settings.Hosts is { Count: > 0 } named ? [.. named] : new[] { new Uri(site.Origin).Host };
        var now = time.GetUtcNow();
        var beat = missing is null ? now.ToUnixTimeMilliseconds() : Interlocked.Read(ref heard);
        Interlocked.Exchange(ref heard, beat);
        await Reply.XmlAsync(context, 200, xml =>
        {
            xml.WriteStartElement("SystemInfo");
            xml.WriteElementString("currentTimestamp", now.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture));
            xml.WriteElementString("deploymentType", site.Settings.DeploymentType);
            xml.WriteElementString("lastCTIHeartbeatStatus", missing is null ? "success" : "failure");
            xml.WriteElementString("lastSuccessCTIHeartbeatTime", Number(beat));
            xml.WriteElementString("ctiVersion", Number(site.Settings.CtiVersion));
            xml.WriteElementString("ctiHeartbeatInterval", Number(Beat));
            // Nobody is in maintenance, which empty texts and negative times say.
            xml.WriteElementString("ctiMMode", "");
            xml.WriteElementString("ctiTimeInMMode", "-1");
            xml.WriteElementString("finesseMMode", "");
            xml.WriteElementString("finesseTimeInMMode", "-1");
            xml.WriteElementString("license", site.Settings.License);
            xml.WriteElementString("peripheralId", Number(site.Settings.PeripheralId));
            Node(xml, "primaryNode", hosts[0]);
            if (hosts.Length > 1) Node(xml, "secondaryNode", hosts[1]);
            xml.WriteElementString("status", missing is null ? "IN_SERVICE" : "OUT_OF_SERVICE");
            xml.WriteElementString("statusReason", "");
            xml.WriteElementString("systemAuthMode", modes.System);
            xml.WriteElementString("timezoneOffset", time.LocalTimeZone.GetUtcOffset(now).TotalMinutes.ToString("0", CultureInfo.InvariantCulture));
            xml.WriteElementString("uri", "/finesse/api/SystemInfo");
            xml.WriteElementString("xmppDomain", hosts[0]);
            xml.WriteElementString("xmppPubSubDomain", "pubsub." + hosts[0]);
            xml.WriteEndElement();
        });
    }

    private static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);

    private void Node(XmlWriter xml, string name, string host)
    {
        xml.WriteStartElement(name);
        xml.WriteElementString("host", host);
        if (new Uri(site.Origin) is { Scheme: "https" } own) xml.WriteElementString("httpsPort", Number(own.Port));
        xml.WriteEndElement();
    }
}
