using Gatehouse.Terms;

namespace Gatehouse.Federation;

/// <summary>An upstream whose settings held when they were saved and do not now: a file is gone. It is out of order, and everything else goes on; it is tried again a moment later.</summary>
internal class BrokenUpstream(string fault) : IUpstream
{
    /// <summary>What is wrong, for the administrator.</summary>
    protected string Fault => fault;

    /// <inheritdoc/>
    public Task<Finding.Unavailable?> ProbeAsync(Trace trace, CancellationToken stop)
    {
        trace.Add(fault);
        return Task.FromResult<Finding.Unavailable?>(new Finding.Unavailable(fault));
    }
}

/// <summary>The same for a directory: nobody is told that their password is wrong.</summary>
internal sealed class BrokenDirectory(string fault) : BrokenUpstream(fault), IChecksPasswords
{
    /// <inheritdoc/>
    public Task<Finding> CheckAsync(string username, Secret password, Trace trace, CancellationToken stop) => Task.FromResult<Finding>(new Finding.Unavailable(Fault));
}
