using System.Net.Http.Headers;

namespace Gatehouse.Tests.Kits;

/// <summary>A browser's cookies by host, ports shared as browsers share them; also those that name an address as their domain, which .NET's own container refuses.</summary>
public sealed class Jar
{
    private readonly Dictionary<(string Host, string Name), (string Value, string Path)> all = [];

    public string? this[string host, string name] => all.TryGetValue((host, name), out var one) ? one.Value : null;

    public void Send(HttpRequestMessage request)
    {
        var (host, path) = (request.RequestUri!.Host, request.RequestUri.AbsolutePath);
        var sent = all.Where(one => one.Key.Host == host && path.StartsWith(one.Value.Path, StringComparison.Ordinal)).Select(one => $"{one.Key.Name}={one.Value.Value}").ToList();
        if (sent.Count > 0) request.Headers.Add("Cookie", string.Join("; ", sent));
    }

    public void Take(Uri from, HttpResponseHeaders headers)
    {
        if (!headers.TryGetValues("Set-Cookie", out var lines)) return;
        foreach (var line in lines)
        {
            var parts = line.Split(';', StringSplitOptions.TrimEntries);
            var (name, value) = parts[0].Split('=', 2) is [var n, var v] ? (n, v) : (parts[0], "");
            string? Of(string what) => parts.Skip(1).FirstOrDefault(part => part.StartsWith(what + "=", StringComparison.OrdinalIgnoreCase))?[(what.Length + 1)..];
            var over = (Of("expires") is { } end && DateTimeOffset.TryParse(end, System.Globalization.CultureInfo.InvariantCulture, out var at) && at < DateTimeOffset.UtcNow) || Of("max-age") == "0";
            if (over) all.Remove((from.Host, name));
            else all[(from.Host, name)] = (value, Of("path") ?? "/");
        }
    }

    public void Clear() => all.Clear();
}
