namespace Gatehouse.Federation;

/// <summary>It can list its people for an import (an optional ability): everybody, or those who changed. It reads only.</summary>
public interface IListsPeople : IUpstream
{
    /// <summary>Begins a listing: of those who changed since a mark of an earlier one, or of everybody without one, and where the mark says nothing any more. Throws <see cref="UpstreamFault"/>.</summary>
    Task<Listing> BeginAsync(string? since, CancellationToken stop);
}

/// <summary>A listing under way.</summary>
public abstract class Listing : IAsyncDisposable
{
    /// <summary>Mark for the next listing of changes: what changes from the beginning of this one on comes after it.</summary>
    public abstract string Mark { get; }

    /// <summary>Whether everybody is listed, so that whoever is missing is gone.</summary>
    public abstract bool IsWhole { get; }

    /// <summary>Why everybody is listed although only changes were asked for; null when that is not so.</summary>
    public string? Because { get; protected init; }

    /// <summary>The people, page by page. Throws <see cref="UpstreamFault"/>: then the listing is not complete.</summary>
    public abstract IAsyncEnumerable<IReadOnlyList<Listed>> PagesAsync(CancellationToken stop);

    /// <inheritdoc/>
    public abstract ValueTask DisposeAsync();
}

/// <summary>One of those listed.</summary>
/// <param name="Name">Name there, for reports.</param>
/// <param name="Person">The person; null when the entry has no usable id.</param>
/// <param name="Enabled">Whether the upstream lets them in.</param>
/// <param name="Readable">Whether anything could be read of them: if not, who they are is not known, only that there is somebody.</param>
public sealed record Listed(string Name, UpstreamIdentity? Person, bool Enabled, bool Readable = true);

/// <summary>The upstream, or the way to it, failed: says nothing about a person.</summary>
public class UpstreamFault(string message, Exception? cause = null) : Exception(message, cause);
