using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace Gatehouse.People.Import;

/// <summary>How an import ended.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<ImportState>))]
public enum ImportState
{
    /// <summary>It is under way.</summary>
    Running,

    /// <summary>It went through.</summary>
    Done,

    /// <summary>It broke off: the directory failed, or the program ended. What was applied stays; the next one goes on.</summary>
    Interrupted,

    /// <summary>It went through, but those who have vanished were left as they are: more of them than one run may disable, or not every entry could be read.</summary>
    VanishedKept,
}

/// <summary>Somebody whom an import could not take in, or not wholly.</summary>
/// <param name="Name">Name in the directory.</param>
/// <param name="Code">Stable code: <c>name_taken</c>, <c>email_taken</c>, <c>no_id</c>, <c>unreadable</c>, <c>same_id</c>, <c>not_created</c>, <c>not_storable</c>.</param>
public sealed record ImportNote(string Name, string Code);

/// <summary>An import: how far it is, or how it ended.</summary>
public sealed record ImportStatus
{
    /// <summary>Most notes that are kept.</summary>
    public const int MostNotes = 50;

    /// <summary>Where it is.</summary>
    public ImportState State { get; init; }

    /// <summary>Whether only changes were read.</summary>
    public bool Delta { get; init; }

    /// <summary>Whether nothing is written.</summary>
    public bool DryRun { get; init; }

    /// <summary>Why everybody was read although changes were asked for; null when that is not so.</summary>
    public string? Because { get; init; }

    /// <summary>When it began.</summary>
    public DateTimeOffset BegunAt { get; init; }

    /// <summary>When it ended; null while it runs.</summary>
    public DateTimeOffset? EndedAt { get; init; }

    /// <summary>People read.</summary>
    public int Read { get; init; }

    /// <summary>Users made.</summary>
    public int Made { get; init; }

    /// <summary>Users changed.</summary>
    public int Changed { get; init; }

    /// <summary>Users whose entry is as it was when it was last applied.</summary>
    public int Unchanged { get; init; }

    /// <summary>People not taken in.</summary>
    public int Skipped { get; init; }

    /// <summary>Entries that say nothing: too long, or the service account may not read them.</summary>
    public int Unreadable { get; init; }

    /// <summary>Users disabled, since the directory disables them or they have vanished there.</summary>
    public int Disabled { get; init; }

    /// <summary>Linked people who were not listed.</summary>
    public int Vanished { get; init; }

    /// <summary>What went wrong; null when nothing did.</summary>
    public string? Fault { get; init; }

    /// <summary>The first of those not taken in, or not wholly.</summary>
    public ImmutableArray<ImportNote> Notes { get; init; } = [];

    /// <summary>With what came of a page.</summary>
    public ImportStatus With(ImportStatus page) => this with
    {
        Read = Read + page.Read, Made = Made + page.Made, Changed = Changed + page.Changed, Unchanged = Unchanged + page.Unchanged, Skipped = Skipped + page.Skipped, Unreadable = Unreadable + page.Unreadable, Disabled = Disabled + page.Disabled,
        Notes = Notes.Length >= MostNotes ? Notes : [.. Notes, .. page.Notes.Take(MostNotes - Notes.Length)],
    };
}
