namespace Gatehouse.Dialogs;

/// <summary>What is left of a dialog.</summary>
public enum DialogState
{
    /// <summary>Under way.</summary>
    Alive,

    /// <summary>Ended, or its source went silent; what the project allows after the end still works.</summary>
    Ended,

    /// <summary>The headroom is over, or the hard limit is reached: no token works any more.</summary>
    Over,
}

/// <summary>A call or chat as identity sees it. All instants are unix milliseconds, 0 where something has not happened. What follows from the clock is computed, so that every node agrees without being told.</summary>
/// <param name="Project">Project, whose rules hold.</param>
/// <param name="StartedAt">When it was opened.</param>
/// <param name="AliveUntil">When it decays unless it is extended.</param>
/// <param name="EndedAt">When it was ended.</param>
/// <param name="HardUntil">When it is over, whatever happens.</param>
/// <param name="FrozenAt">Tokens issued up to then are frozen.</param>
/// <param name="HeadroomSeconds">How long after its end something may still be allowed, in seconds.</param>
public readonly record struct Dialog(string Project, long StartedAt, long AliveUntil, long EndedAt, long HardUntil, long FrozenAt, int HeadroomSeconds)
{
    /// <summary>When it ended or will by silence alone.</summary>
    public long EndsAt => Math.Min(EndedAt > 0 ? Math.Min(EndedAt, AliveUntil) : AliveUntil, HardUntil);

    /// <summary>When the headroom is over.</summary>
    public long OverAt => Math.Min(EndsAt + (HeadroomSeconds * 1000L), HardUntil);

    /// <summary>Its state at an instant.</summary>
    public DialogState StateAt(long now) => now < EndsAt ? DialogState.Alive : now < OverAt ? DialogState.Ended : DialogState.Over;

    /// <summary>This together with what was known of the same dialog before: what ended stays ended, what is frozen frozen, and no life is shortened.</summary>
    internal Dialog After(in Dialog known)
        => known.StartedAt != StartedAt ? this : this with { AliveUntil = Math.Max(AliveUntil, known.AliveUntil), EndedAt = known.EndedAt > 0 ? known.EndedAt : EndedAt, FrozenAt = Math.Max(FrozenAt, known.FrozenAt), HardUntil = Math.Min(HardUntil, known.HardUntil) };

    /// <summary>The feed's and the tests' short form.</summary>
    internal string Write() => string.Join('|', StartedAt, AliveUntil, EndedAt, HardUntil, FrozenAt, HeadroomSeconds, Project);

    /// <summary>Reads the short form; null when it is none.</summary>
    internal static Dialog? Read(string? text)
        => text?.Split('|') is [var started, var alive, var ended, var hard, var frozen, var headroom, var project]
            ? new Dialog(project, long.Parse(started), long.Parse(alive), long.Parse(ended), long.Parse(hard), long.Parse(frozen), int.Parse(headroom)) : null;
}
