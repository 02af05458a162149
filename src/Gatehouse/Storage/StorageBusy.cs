namespace Gatehouse.Storage;

/// <summary>More writes wait than the disk takes: nothing was written, and asking again in a moment is right.</summary>
public sealed class StorageBusy() : StorageFault("The database has too many waiting writes; the disk may be slow or full.");
