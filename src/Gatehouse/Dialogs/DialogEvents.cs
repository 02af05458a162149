using System.Data.Common;
using Gatehouse.Storage;

namespace Gatehouse.Dialogs;

/// <summary>What an event says of its dialog.</summary>
public enum SignOfLife
{
    /// <summary>It begins.</summary>
    First,

    /// <summary>It goes on.</summary>
    One,

    /// <summary>It has ended.</summary>
    Last,
}

/// <summary>Keeps dialogs by the events of their source, where nobody opens and ends them by calls of their own. Only what begins or ends waits for the database.</summary>
public sealed class DialogEvents(DialogStore store, LiveDialogs live, DialogWork work, TimeProvider time, ILogger<DialogEvents> logger)
{
    /// <summary>Hears an event; the dialog after it. A last event of a dialog that nobody knows says nothing: the dialog is then one that is over. An event may come twice.</summary>
    public async Task<DialogChange> HearAsync(string realm, string id, string project, string source, SignOfLife sign)
    {
        if (!DialogKey.TryParse(id, out var key)) return new DialogChange(DialogFault.BadId);
        var known = live.Find(realm, key);
        if (known is { } other && other.Project != project) return new DialogChange(DialogFault.Taken, id);
        try
        {
            if (sign == SignOfLife.Last)
            {
                var ended = await store.EndAsync(realm, id, CancellationToken.None, project);
                return ended.Fault == DialogFault.Unknown ? new DialogChange(DialogFault.None, id) : ended;
            }

            if (known is { } there && (there.EndedAt > 0 || there.StateAt(time.GetUtcNow().ToUnixTimeMilliseconds()) == DialogState.Alive))
            {
                if (there.EndedAt == 0) work.Alive(realm, key, id, there);
                return new DialogChange(DialogFault.None, id, there);
            }

            // New to us, or fallen silent: an event is a sign of life, whatever it says.
            var opened = await store.OpenAsync(realm, id, project, source, CancellationToken.None);
            return opened is { Fault: DialogFault.None, IsNew: false } && opened.Dialog.EndedAt == 0 ? await store.ExtendAsync(realm, id, CancellationToken.None) : opened;
        }
        catch (Exception wrong) when (wrong is DbException or StorageFault or StorageBusy)
        {
            logger.LogWarning("An event's dialog could not be written: {Message}", wrong.Message);
            return new DialogChange(DialogFault.Unavailable, id);
        }
    }
}
