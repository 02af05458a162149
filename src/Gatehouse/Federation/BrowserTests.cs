namespace Gatehouse.Federation;

/// <summary>"Test this provider" for kinds to which the browser goes: a key that opens the way once, for a quarter of an hour. Whoever has it goes there and back, sees each hop, each claim and what the mapping would make of them, and is not signed in.</summary>
public sealed class BrowserTests(Attempts attempts, TimeProvider time)
{
    private const string Key = "test key";
    internal static readonly TimeSpan Life = TimeSpan.FromMinutes(15);

    /// <summary>What an attempt of a test has instead of an interaction.</summary>
    public const string UnderWay = "test";

    /// <summary>Local path that begins a test of an upstream.</summary>
    public async Task<string> OpenAsync(Upstream upstream, CancellationToken stop)
    {
        var key = new Attempt { Id = Attempts.NewId(), Realm = upstream.Realm, Alias = upstream.Alias, Interaction = Key, Browser = "", ReturnAddress = "", EndsAt = time.GetUtcNow() + Life };
        await attempts.KeepAsync(key, stop);
        return $"/realms/{upstream.Realm}/broker/{upstream.Alias}/test?key={key.Id}";
    }

    /// <summary>Takes a key: whether it opens the test of that upstream.</summary>
    public async Task<bool> TakeAsync(string realm, string alias, string key, CancellationToken stop) => await attempts.TakeAsync(realm, key, stop) is { Interaction: Key } taken && taken.Alias == alias;
}
