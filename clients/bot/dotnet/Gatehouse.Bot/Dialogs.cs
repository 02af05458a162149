namespace Gatehouse.Bot;

/// <summary>How dialogs are held; everything has a default.</summary>
public record DialogRules : SendingRules
{
    /// <summary>The realm's address at the gateway, as <c>https://gateway.example/realms/contact-centre</c>, where a token is renewed. Default: none, and a token that died stays dead.</summary>
    public string? Issuer { get; init; }

    /// <summary>How long a dialog is remembered after its end (the project's headroom).</summary>
    public TimeSpan Headroom { get; init; } = TimeSpan.FromHours(1);

    /// <summary>Time without an event after which a dialog is forgotten though nobody said that it ended. Default: the longest a dialog may last.</summary>
    public TimeSpan Silence { get; init; } = TimeSpan.FromHours(24);

    /// <summary>What may be called after the end: of <c>call</c>, <c>data</c>, <c>history</c>, <c>delete</c>, <c>recording</c>. The gateway's own answer counts as well.</summary>
    public IReadOnlyList<string> After { get; init; } = ["data", "history", "delete", "recording"];

    /// <summary>Most dialogs held; beyond it the one that ended first, else the one silent the longest, is forgotten.</summary>
    public int Capacity { get; init; } = 10_000;
}

/// <summary>The dialogs of a bot, each with its newest token. In memory alone: a token dies with its dialog, and the next event brings one. Safe to use from several threads.</summary>
public sealed class Dialogs : IDisposable
{
    private readonly Lock door = new();
    private readonly DialogRules rules;
    private readonly Sender sender;
    private readonly Dictionary<string, Place> held = new(StringComparer.Ordinal);
    private readonly LinkedList<Dialog> live = new(); // the longest silent first
    private readonly LinkedList<Dialog> ended = new(); // who ended first, first

    /// <summary>An empty house. Throws <see cref="ArgumentException"/> for an issuer that is neither https nor loopback.</summary>
    public Dialogs(DialogRules? rules = null)
    {
        this.rules = rules ??= new DialogRules();
        if (rules.Issuer is not null && Texts.ReadCallback(rules.Issuer) is not ({ Secure: true } or { Loopback: true })) throw new ArgumentException("The issuer is an https address (or http on loopback).", nameof(rules));
        sender = new Sender(rules);
    }

    /// <summary>How many dialogs are held.</summary>
    public int Count
    {
        get
        {
            lock (door) return held.Count;
        }
    }

    /// <summary>The dialog of this id; null when it is unknown or forgotten.</summary>
    public Dialog? Find(string id)
    {
        lock (door)
        {
            Sweep();
            return held.TryGetValue(id, out var place) ? place.Node.Value : null;
        }
    }

    /// <summary>Takes an event: begins its dialog or goes on with it, and holds the token it brings.</summary>
    public Dialog Accept(BotEvent heard)
    {
        lock (door)
        {
            Sweep();
            var dialog = held.TryGetValue(heard.DialogId, out var place) ? place.Node.Value : new Dialog(heard, sender, rules, Forgotten);
            var was = dialog.Ended;
            dialog.Hear(heard);
            if (!was)
            {
                place.Node?.List?.Remove(place.Node);
                held[dialog.Id] = new Place((dialog.Ended ? ended : live).AddLast(dialog), rules.Time.GetUtcNow() + (dialog.Ended ? rules.Headroom : rules.Silence));
            }

            if (held.Count > rules.Capacity) Forget((ended.First ?? live.First)!.Value);
            return dialog;
        }
    }

    /// <summary>Closes the connections and forgets all tokens.</summary>
    public void Dispose()
    {
        lock (door)
            foreach (var dialog in held.Values.Select(place => place.Node.Value).ToList()) Forget(dialog);
        sender.Dispose();
    }

    private void Sweep()
    {
        var now = rules.Time.GetUtcNow();
        foreach (var line in (ReadOnlySpan<LinkedList<Dialog>>)[ended, live])
            while (line.First is { } first && held[first.Value.Id].Until <= now) Forget(first.Value);
    }

    // Of one that was forgotten and begun anew, the earlier is forgotten still.
    private bool Forgotten(Dialog dialog)
    {
        lock (door) return !held.TryGetValue(dialog.Id, out var place) || place.Node.Value != dialog || place.Until <= rules.Time.GetUtcNow();
    }

    private void Forget(Dialog dialog)
    {
        if (held.Remove(dialog.Id, out var place)) place.Node.List!.Remove(place.Node);
        dialog.Forget();
    }

    private readonly record struct Place(LinkedListNode<Dialog> Node, DateTimeOffset Until);
}
