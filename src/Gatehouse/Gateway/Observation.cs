namespace Gatehouse.Gateway;

/// <summary>
/// That something is observed: the whole check runs, what would be refused passes, and a ledger says who and why. It ends by a date that must be set, and from that instant on the rule counts, without anybody doing anything.
/// </summary>
/// <param name="Until">The instant from which the rule counts.</param>
/// <param name="Note">Why, for people; null for none given.</param>
/// <param name="Tell">Whether the client is told by a response header.</param>
/// <param name="Line">Line in the access file.</param>
public sealed record Observation(DateTimeOffset Until, string? Note, bool Tell, int Line)
{
    /// <summary><c>observe: off</c>: a service or rule that is taken out of a wider observing, that of clients included.</summary>
    public static Observation Off { get; } = new(DateTimeOffset.MinValue, null, false, 0);

    /// <summary>Whether it was taken out.</summary>
    public bool IsOff => ReferenceEquals(this, Off);

    /// <summary>Whether it still lets pass.</summary>
    public bool IsInForce(DateTimeOffset now) => now < Until;
}
