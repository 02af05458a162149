using System.Runtime.InteropServices;
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
        live.OnChanged((_, key) => Look(key));
        sweeping = time.CreateTimer(_ => Sweep(), null, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1));
    }

    /// <summary>How many dialogs have something under way.</summary>
    public int Count => shelves.Sum(shelf => shelf.Open.Count);

    /// <summary>Takes a request that passed; dispose it when the request is done.</summary>
    public Stream Enter(Decision.Pass pass)
    {
        var key = DialogKey.TryParse(pass.Principal!.Dialog, out var own) ? own : throw new ArgumentException("This is no dialog's principal.", nameof(pass));
        var stream = new Stream(this, key, pass);
        var shelf = ShelfOf(key);
        lock (shelf.Lock)
        {
            ref var first = ref CollectionsMarshal.GetValueRefOrAddDefault(shelf.Open, key, out _);
            stream.Next = first;
            if (first is not null) first.Previous = stream;
            first = stream;
        }

        if (!Stands(stream)) stream.End();
        return stream;
    }

    /// <inheritdoc/>
    public void Dispose() => sweeping.Dispose();

    private bool Stands(Stream stream) => stream.Pass.Verifier!.StillStands(stream.Pass.Principal!) && binding.IsAllowedNow(stream.Pass.Route, stream.Pass.Principal!);

    private Shelf ShelfOf(DialogKey dialog) => shelves[(int)(dialog.High & 63)];

    private void Look(DialogKey dialog)
    {
        var shelf = ShelfOf(dialog);
        var streams = new List<Stream>();
        lock (shelf.Lock)
        {
            for (var stream = shelf.Open.GetValueOrDefault(dialog); stream is not null; stream = stream.Next) streams.Add(stream);
        }

        foreach (var stream in streams)
            if (!Stands(stream)) stream.End();
    }

    private void Sweep()
    {
        foreach (var shelf in shelves)
        {
            DialogKey[] keys;
            lock (shelf.Lock) keys = [.. shelf.Open.Keys];
            foreach (var key in keys) Look(key);
        }
    }

    private void Leave(Stream stream)
    {
        var shelf = ShelfOf(stream.Dialog);
        lock (shelf.Lock)
        {
            if (stream.Left) return;
            stream.Left = true;
            if (stream.Next is { } next) next.Previous = stream.Previous;
            if (stream.Previous is { } previous) previous.Next = stream.Next;
            else if (stream.Next is { } second) shelf.Open[stream.Dialog] = second;
            else shelf.Open.Remove(stream.Dialog);
            (stream.Next, stream.Previous) = (null, null);
        }
    }

    private sealed class Shelf
    {
        public Lock Lock { get; } = new();

        // The first of each dialog's streams, which know their neighbours: mostly there is one, and it needs no list of its own. Dialogs of two realms that have the same id stand in one row.
        public Dictionary<DialogKey, Stream> Open { get; } = [];
    }

    /// <summary>One request under way.</summary>
    public sealed class Stream : IDisposable
    {
        private readonly DialogStreams all;
        private readonly CancellationTokenSource ending = new();
        private UpgradedConnection? socket;

        internal Stream(DialogStreams all, DialogKey dialog, Decision.Pass pass) => (this.all, Dialog, Pass) = (all, dialog, pass);

        /// <summary>Fires when the dialog no longer allows it.</summary>
        public CancellationToken Ended => ending.Token;

        internal DialogKey Dialog { get; }

        internal Stream? Next { get; set; }

        internal Stream? Previous { get; set; }

        internal bool Left { get; set; }

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
