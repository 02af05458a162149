using Gatehouse.Federation;
using Gatehouse.People.Import;

namespace Gatehouse.Admin.Representations;

/// <summary>An import: Keycloak's SynchronizationResult (added, updated, failed, status), and more.</summary>
internal sealed record ImportRepresentation
{
    public string? Alias { get; init; }

    /// <summary>NEVER, RUNNING, DONE, INTERRUPTED or VANISHED_KEPT.</summary>
    public string? Status { get; init; }

    public bool? Delta { get; init; }

    /// <summary>Unix milliseconds.</summary>
    public long? BegunAt { get; init; }

    /// <summary>Unix milliseconds; null while it runs.</summary>
    public long? EndedAt { get; init; }

    public int? Read { get; init; }

    /// <summary>Users made.</summary>
    public int? Added { get; init; }

    /// <summary>Users changed.</summary>
    public int? Updated { get; init; }

    public int? Unchanged { get; init; }

    /// <summary>People not taken in.</summary>
    public int? Failed { get; init; }

    public int? Disabled { get; init; }

    public int? Vanished { get; init; }

    public string? Fault { get; init; }

    /// <summary>Why everybody was read although changes were asked for.</summary>
    public string? Because { get; init; }

    /// <summary>The first of those not taken in, or not wholly.</summary>
    public IReadOnlyList<ImportNote>? Notes { get; init; }

    public static ImportRepresentation Of(Upstream one, ImportStatus status) => new()
    {
        Alias = one.Alias, Status = status.State switch { ImportState.Running => "RUNNING", ImportState.Done => "DONE", ImportState.Interrupted => "INTERRUPTED", _ => "VANISHED_KEPT" }, Delta = status.Delta,
        BegunAt = status.BegunAt.ToUnixTimeMilliseconds(), EndedAt = status.EndedAt?.ToUnixTimeMilliseconds(), Read = status.Read, Added = status.Made, Updated = status.Changed, Unchanged = status.Unchanged, Failed = status.Skipped,
        Disabled = status.Disabled, Vanished = status.Vanished, Fault = status.Fault, Because = status.Because, Notes = status.Notes,
    };
}
