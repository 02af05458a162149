using System.Globalization;

namespace Gatehouse.Facades.Finesse;

/// <summary><c>GET /finesse/api/SystemInfo</c>, which clients ask before they know how to sign in: so it asks for nothing, and says nothing but how to.</summary>
internal sealed class SystemEndpoint(Site site, Modes modes, TimeProvider time)
{
    public async Task AskAsync(HttpContext context)
    {
        var missing = (await site.OpenAsync(context.RequestAborted)).Missing;
        var hosts = site.Settings.Hosts is { Count: > 0 } named ? [.. named] : new[] { new Uri(site.Origin).Host };
        var now = time.GetUtcNow();
        await Reply.XmlAsync(context, 200, xml =>
        {
            xml.WriteStartElement("SystemInfo");
            xml.WriteElementString("currentTimestamp", now.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture));
            xml.WriteElementString("deploymentType", site.Settings.DeploymentType);
            xml.WriteStartElement("primaryNode");
            xml.WriteElementString("host", hosts[0]);
            xml.WriteEndElement();
            if (hosts.Length > 1)
            {
                xml.WriteStartElement("secondaryNode");
                xml.WriteElementString("host", hosts[1]);
                xml.WriteEndElement();
            }

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
}
