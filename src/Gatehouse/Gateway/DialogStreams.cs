using Gatehouse.Dialogs;
using Gatehouse.Forwarding;

namespace Gatehouse.Gateway;

/// <summary>Requests and sockets under way with a dialog's token. When the dialog ends they are cut, unless the route is one of those that are allowed after the end.</summary>
public sealed class DialogStreams : IDisposable
{
    // A lock for some of the dialogs each: entering and leaving are a few instructions, and hardly ever two meet.
    private readonly Shelf[] shelves = [.. Enumerable.Range(0, 64).Select(_ => new Shelf())];
    private readonly DialogBinding binding;
    private readonly ITimer sweeping;

    /// <summary>Hears of ends; looks every second for what ended by silence or time.</summary>
    public DialogStreams(LiveDialogs live, DialogBinding binding, TimeProvider time)
    {
        this.binding = binding;
        live.OnChanged((realm, key) => Look((realm, key)));
        sweeping = time.CreateTimer(_ => Sweep(), null, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1));
    }

    /// <summary>How many dialogs have something under way.</summary>
    public int Count => shelves.Sum(shelf => shelf.Open.Count);

    /// <summary>Takes a request that passed; dispose it when the request is done.</summary>
    public Stream Enter(Decision.Pass pass)
    {
        var key = DialogKey.TryParse(pass.Principal!.Dialog, out var own) ? own : throw new ArgumentException("This is no dialog's principal.", nameof(pass));
        var stream = new Stream(this, (pass.Principal.Realm, key), pass);
        var shelf = ShelfOf(stream.Key);
        lock (shelf.Lock)
        {
            if (!shelf.Open.TryGetValue(stream.Key, out var streams)) shelf.Open[stream.Key] = streams = [];
            streams.Add(stream);
        }

        if (!Stands(stream)) stream.End();
        return stream;
    }

    /// <inheritdoc/>
    public void Dispose() => sweeping.Dispose();

    private bool Stands(Stream stream) => stream.Pass.Verifier!.StillStands(stream.Pass.Principal!) && binding.IsAllowedNow(stream.Pass.Route, stream.Pass.Principal!);

    private Shelf ShelfOf((string Realm, DialogKey Dialog) key) => shelves[(int)(key.Dialog.High & 63)];

    private void Look((string Realm, DialogKey Dialog) key)
    {
        var shelf = ShelfOf(key);
        Stream[] streams;
        lock (shelf.Lock)
        {
            if (!shelf.Open.TryGetValue(key, out var open)) return;
            streams = [.. open];
        }

        foreach (var stream in streams)
            if (!Stands(stream)) stream.End();
    }

    private void Sweep()
    {
        foreach (var shelf in shelves)
        {
            (string, DialogKey)[] keys;
            lock (shelf.Lock) keys = [.. shelf.Open.Keys];
            foreach (var key in keys) Look(key);
        }
    }

    private void Leave(Stream stream)
    {
        var shelf = ShelfOf(stream.Key);
        lock (shelf.Lock)
        {
            if (shelf.Open.TryGetValue(stream.Key, out var streams) && streams.Remove(stream) && streams.Count == 0) shelf.Open.Remove(stream.Key);
        }
    }

    private sealed class Shelf
    {
        public Lock Lock { get; } = new();

        public Dictionary<(string Realm, DialogKey Dialog), HashSet<Stream>> Open { get; } = [];
    }

    /// <summary>One request under way.</summary>
    public sealed class Stream : IDisposable
    {
        private readonly DialogStreams all;
        private readonly CancellationTokenSource ending = new();
        private UpgradedConnection? socket;

        internal Stream(DialogStreams all, (string, DialogKey) key, Decision.Pass pass) => (this.all, Key, Pass) = (all, key, pass);

        /// <summary>Fires when the dialog no longer allows it.</summary>
        public CancellationToken Ended => ending.Token;

        internal (string Realm, DialogKey Dialog) Key { get; }

        internal Decision.Pass Pass { get; }

        /// <summary>It became a socket, which is told why it ends.</summary>
        public void Becomes(UpgradedConnection connection)
        {
            socket = connection;
            if (!all.Stands(this)) End();
        }

        /// <inheritdoc/>
        public void Dispose() => all.Leave(this);

        internal void End()
        {
            if (socket is { } connection) _ = connection.EndAsync(LiveConnections.Unauthorized, "The dialog has ended.");
            else ending.Cancel();
        }
    }
}
