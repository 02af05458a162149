using System.Collections.Immutable;
using System.Globalization;

namespace Gatehouse.Gateway.Access.Apisix;

/// <summary>Reads where a service or route leads.</summary>
internal static class UpstreamReader
{
    public static ApisixUpstream Read(string name, Plain upstream, Func<string, string> fill)
    {
        var remarks = ImmutableArray.CreateBuilder<Remark>();
        var scheme = upstream["scheme"]?.Text ?? "http";
        if (scheme is not ("http" or "https")) remarks.Add(new Remark("upstream.scheme", $"scheme '{ApisixFile.Shown(scheme)}': the gate speaks HTTP and HTTPS to upstreams."));
        var (addresses, weights) = (ImmutableArray.CreateBuilder<string>(), new HashSet<string>());
        void Add(string host, string? port, string? weight)
        {
            var text = $"{scheme}://{fill(host)}{(port is null ? "" : ":" + port)}";
            if (scheme is "http" or "https" && Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri is { PathAndQuery: "/", UserInfo: "", Fragment: "" } && uri.Host.Length > 0 && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_' or ':' or '/' or '[' or ']')) addresses.Add(text);
            else remarks.Add(new Remark("upstream.address", $"'{ApisixFile.Shown(host)}' is no address that can be carried over."));
            if (weight is not null) weights.Add(weight);
        }

        foreach (var (node, weight) in upstream["nodes"]?.Members ?? []) Add(node, null, weight.Text);
        foreach (var node in upstream["nodes"]?.Items ?? []) Add(node["host"]?.Text ?? "", node["port"]?.Text, node["weight"]?.Text);
        if (weights.Count > 1) remarks.Add(new Remark("upstream.weights", "Its nodes have different weights; the gate treats them alike."));
        if (upstream["type"]?.Text is { } type and not "roundrobin") remarks.Add(new Remark("upstream.type", $"type '{ApisixFile.Shown(type)}' becomes round-robin."));
        foreach (var other in (string[])["checks", "retries", "tls", "keepalive_pool", "hash_on"])
            if (upstream[other] is not null) remarks.Add(new Remark("upstream.not-carried", $"'{other}' is not carried over."));
        double? Seconds(string part) => double.TryParse(upstream["timeout"]?[part]?.Text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var value) && value is > 0 and < 100_000 ? value : null;
        (double, double, double)? times = upstream["timeout"] is null ? null : (Seconds("connect") ?? 60, Seconds("send") ?? 60, Seconds("read") ?? 60);
        if (times is ( > 600, _, _) or (_, > 600, _) or (_, _, > 600)) remarks.Add(new Remark("upstream.timeout", "A time-out of more than ten minutes: APISIX counts in seconds; milliseconds were meant? It is carried over as it stands."));
        var pass = upstream["pass_host"]?.Text ?? "pass";
        if (pass == "rewrite") remarks.Add(new Remark("upstream.host", "pass_host: rewrite: the gate sends the upstream's own name as Host."));
        return new ApisixUpstream(ApisixFile.Shown(name), addresses.ToImmutable(), addresses.Count == 0 ? ApisixFile.Shown(upstream["service_name"]?.Text ?? name) : null, pass == "pass", times) { Remarks = remarks.ToImmutable() };
    }
}
