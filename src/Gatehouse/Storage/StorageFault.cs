namespace Gatehouse.Storage;

/// <summary>The database cannot be used as it is; the message says how to mend it.</summary>
public class StorageFault : Exception
{
    /// <summary>Makes a fault.</summary>
    public StorageFault(string message, Exception? inner = null)
        : base(message, inner)
    {
    }
}
