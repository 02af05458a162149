using Gatehouse.Terms;

namespace Gatehouse.Federation;

/// <summary>It can set a person's password there (an optional ability), where it is set up as writable. It is the only thing that is ever written to an upstream.</summary>
public interface ISetsPasswords : IUpstream
{
    /// <summary>Whether it may be written to.</summary>
    bool IsWritable { get; }

    /// <summary>Sets the password of whoever has this subject, on an administrator's word. Null when it is set.</summary>
    Task<Finding?> SetPasswordAsync(string subject, Secret password, CancellationToken stop);
}
