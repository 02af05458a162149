namespace Gatehouse.House;

/// <summary>The program cannot start as it was told to; the message says how to mend it and is all that the operator sees.</summary>
public sealed class StartRefused(string message) : Exception(message);
