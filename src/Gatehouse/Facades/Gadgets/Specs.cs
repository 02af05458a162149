using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Net;
using Gatehouse.Outbound;

namespace Gatehouse.Facades.Gadgets;

/// <summary>The gadgets' specifications and words, fetched where the settings say and kept for a minute. While a host is down the last good one counts.</summary>
internal sealed class Specs(OutboundHttp http, TimeProvider time)
{
    private static readonly TimeSpan Fresh = TimeSpan.FromMinutes(1);
    private readonly ConcurrentDictionary<Uri, SemaphoreSlim> turns = new();
    private readonly ConcurrentDictionary<string, (GadgetSpec? Spec, string? Fault, DateTimeOffset At)> known = new();
    private readonly ConcurrentDictionary<Uri, (ImmutableDictionary<string, string>? Messages, DateTimeOffset At)> bundles = new();

    /// <summary>A gadget's specification, or what is wrong with it.</summary>
    public async Task<(GadgetSpec? Spec, string? Fault)> FindAsync(GadgetEntry gadget, CancellationToken stop)
    {
        if (known.TryGetValue(gadget.Id, out var kept) && time.GetUtcNow() - kept.At < Fresh) return (kept.Spec, kept.Fault);
        var url = new Uri(gadget.Spec);
        using var turn = await Turn.TakeAsync(turns, url, stop);
        if (known.TryGetValue(gadget.Id, out kept) && time.GetUtcNow() - kept.At < Fresh) return (kept.Spec, kept.Fault);
        var (bytes, fault) = await FetchAsync(url, stop);
        GadgetSpec? spec = null;
        if (bytes is not null) SpecReader.TryRead(bytes, url, out spec, out fault);
        if (spec is null && kept.Spec is not null) (spec, fault) = (kept.Spec, null);
        known[gadget.Id] = (spec, fault, time.GetUtcNow());
        return (spec, fault);
    }

    /// <summary>The words of a language and country: the closest locale over the wider ones.</summary>
    public async Task<ImmutableDictionary<string, string>> WordsAsync(GadgetSpec spec, string language, string country, CancellationToken stop)
    {
        var words = ImmutableDictionary<string, string>.Empty;
        foreach (var locale in spec.Locales.Where(one => (one.Language.Length == 0 || one.Language == language) && (one.Country.Length == 0 || one.Country == country)).OrderBy(one => (one.Language.Length > 0 ? 2 : 0) + (one.Country.Length > 0 ? 1 : 0)))
        {
            if (locale.Bundle is { } bundle) words = words.SetItems(await BundleAsync(bundle, stop));
            words = words.SetItems(locale.Messages);
        }

        return words;
    }

    private async Task<ImmutableDictionary<string, string>> BundleAsync(Uri url, CancellationToken stop)
    {
        if (bundles.TryGetValue(url, out var kept) && time.GetUtcNow() - kept.At < Fresh) return kept.Messages ?? ImmutableDictionary<string, string>.Empty;
        using var turn = await Turn.TakeAsync(turns, url, stop);
        if (bundles.TryGetValue(url, out kept) && time.GetUtcNow() - kept.At < Fresh) return kept.Messages ?? ImmutableDictionary<string, string>.Empty;
        var (bytes, _) = await FetchAsync(url, stop);
        var messages = (bytes is null ? null : SpecReader.ReadBundle(bytes)) ?? kept.Messages;
        bundles[url] = (messages, time.GetUtcNow());
        return messages ?? ImmutableDictionary<string, string>.Empty;
    }

    private async Task<(byte[]? Bytes, string? Fault)> FetchAsync(Uri url, CancellationToken stop)
    {
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, url);
            var (status, body) = await http.SendAsync(request, stop);
            return status != HttpStatusCode.OK ? (null, $"its host answers {(int)status}.") : body.Length > SpecReader.Most ? (null, "it is too large.") : (body, null);
        }
        catch (Exception wrong) when (wrong is HttpRequestException || (wrong is OperationCanceledException && !stop.IsCancellationRequested))
        {
            return (null, "its host cannot be reached.");
        }
    }

    // One fetches, the others wait for it: strangers may ask for a page as often as they like, and its host is not to notice.
    private sealed class Turn(SemaphoreSlim door) : IDisposable
    {
        public static async Task<Turn> TakeAsync(ConcurrentDictionary<Uri, SemaphoreSlim> turns, Uri url, CancellationToken stop)
        {
            var door = turns.GetOrAdd(url, static _ => new SemaphoreSlim(1, 1));
            await door.WaitAsync(stop);
            return new Turn(door);
        }

        public void Dispose() => door.Release();
    }
}
