namespace Gatehouse.Storage;

/// <summary>One page of a list and the cursor of the next (null at the end).</summary>
public sealed record Page<T>(IReadOnlyList<T> Items, string? Next);
