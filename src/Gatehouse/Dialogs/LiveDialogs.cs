using System.Collections.Concurrent;
using System.Collections.Immutable;
using Gatehouse.Storage;

namespace Gatehouse.Dialogs;

/// <summary>How a token stands with its dialog.</summary>
public enum DialogStanding
{
    /// <summary>Everything that its rules allow.</summary>
    Alive,

    /// <summary>Only what the project allows after the end.</summary>
    Ended,

    /// <summary>Nothing: the headroom is over, or the hard limit reached.</summary>
    Over,

    /// <summary>Nothing: it was frozen.</summary>
    Frozen,

    /// <summary>Nothing: no such dialog.</summary>
    Unknown,
}

/// <summary>The dialogs that are not over, of all realms, in memory: what a gate asks on every request. The change feed (<c>dialog</c>) keeps it fresh on every node; time does the rest.</summary>
public sealed class LiveDialogs : IDisposable
{
    /// <summary>For so long after its start a dialog may be unknown on a node that hears of it a moment later; its token vouches for it.</summary>
    internal static readonly TimeSpan Hearing = TimeSpan.FromSeconds(5);

    private readonly ConcurrentDictionary<string, ConcurrentDictionary<DialogKey, Dialog>> realms = new();
    // A million dialogs are of a few projects.
    private readonly ConcurrentDictionary<string, string> names = new();
    private readonly TimeProvider time;
    private readonly IDisposable hearing;
    private ImmutableArray<Action<string, DialogKey>> listeners = [];

    /// <summary>Listens to the feed.</summary>
    public LiveDialogs(Database database, TimeProvider time)
    {
        this.time = time;
        hearing = database.Feed.Subscribe(change =>
        {
            if (change.Kind == "dialog.realm") EndAll(change.Realm);
            if (change.Kind != "dialog" || !DialogKey.TryParse(change.Subject, out var key) || Dialog.Read(change.Detail) is not { } dialog) return;
            // Read at the start and told again by the feed, in either order: nothing of a dialog ever goes back.
            Of(change.Realm).AddOrUpdate(key, Lean(dialog), (_, known) => Lean(dialog).After(known));
            foreach (var listener in listeners) listener(change.Realm, key);
        });
    }

    /// <summary>How many are kept.</summary>
    public int Count => realms.Values.Sum(one => one.Count);

    /// <summary>Calls <paramref name="callback"/> with realm and key after a dialog changed, on every node.</summary>
    public void OnChanged(Action<string, DialogKey> callback) => ImmutableInterlocked.Update(ref listeners, list => list.Add(callback));

    /// <summary>The dialog; null when it is not known here.</summary>
    public Dialog? Find(string realm, DialogKey key) => realms.TryGetValue(realm, out var known) && known.TryGetValue(key, out var dialog) ? dialog : null;

    /// <summary>How a token stands: memory only, asked on every request.</summary>
    public DialogStanding Judge(string realm, DialogKey key, long issuedAt, long startedAt)
    {
        var now = time.GetUtcNow().ToUnixTimeMilliseconds();
        if (!realms.TryGetValue(realm, out var known) || !known.TryGetValue(key, out var dialog))
            return now - startedAt < Hearing.TotalMilliseconds ? DialogStanding.Alive : DialogStanding.Unknown;
        // The token of a dialog that had the same id before.
        if (startedAt != dialog.StartedAt) return DialogStanding.Unknown;
        if (issuedAt <= dialog.FrozenAt) return DialogStanding.Frozen;
        return dialog.StateAt(now) switch { DialogState.Alive => DialogStanding.Alive, DialogState.Ended => DialogStanding.Ended, _ => DialogStanding.Over };
    }

    /// <inheritdoc/>
    public void Dispose() => hearing.Dispose();

    /// <summary>Takes in what was stored; what the feed has told meanwhile is newer.</summary>
    internal void Load(string realm, string id, in Dialog dialog)
    {
        if (DialogKey.TryParse(id, out var key)) Of(realm).TryAdd(key, Lean(dialog));
    }

    /// <summary>Drops what is over, once no token can count on being younger than our hearing.</summary>
    internal void Prune()
    {
        var now = time.GetUtcNow().ToUnixTimeMilliseconds();
        foreach (var known in realms.Values)
            foreach (var (key, dialog) in known)
                if (dialog.OverAt <= now && now - dialog.StartedAt > 2 * Hearing.TotalMilliseconds) known.TryRemove(new KeyValuePair<DialogKey, Dialog>(key, dialog));
    }

    // Kept as over, not forgotten: the youngest tokens of a realm that was deleted would else vouch for themselves.
    private void EndAll(string realm)
    {
        if (!realms.TryGetValue(realm, out var known)) return;
        foreach (var (key, dialog) in known)
        {
            known[key] = dialog with { HardUntil = 0 };
            foreach (var listener in listeners) listener(realm, key);
        }
    }

    private Dialog Lean(in Dialog dialog) => dialog with { Project = names.GetOrAdd(dialog.Project, dialog.Project) };

    private ConcurrentDictionary<DialogKey, Dialog> Of(string realm) => realms.TryGetValue(realm, out var known) ? known : realms.GetOrAdd(realm, _ => new());
}
