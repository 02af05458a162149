namespace Gatehouse.Audit;

/// <summary>Requests that would have been refused, of one origin, at one rule, for one reason.</summary>
/// <param name="Id">Id; its first characters are enough to name it.</param>
/// <param name="Key">What makes the group.</param>
/// <param name="Method">Method of the first request.</param>
/// <param name="Path">The route's path template.</param>
/// <param name="Times">How many.</param>
/// <param name="First">The first.</param>
/// <param name="Last">The last so far.</param>
/// <param name="Acknowledged">That they may be refused, by whom and why; null while nobody said so.</param>
public sealed record ObservedGroup(string Id, ObservedKey Key, string Method, string Path, long Times, DateTimeOffset First, DateTimeOffset Last, ObservedAcknowledgement? Acknowledged)
{
    /// <summary>Whether somebody has still to be told. Who stand for many are acknowledged as far as they had come, not for all who may come.</summary>
    public bool IsOpen => Acknowledged is null || (Key.Kind is ObservedKind.Others or ObservedKind.Network && Acknowledged.At < Last);
}

/// <summary>That those of a group may be refused.</summary>
/// <param name="At">When it was said.</param>
/// <param name="By">Who said so.</param>
/// <param name="Note">Why.</param>
public sealed record ObservedAcknowledgement(DateTimeOffset At, string By, string Note);

/// <summary>What to list.</summary>
/// <param name="Realm">Realm name.</param>
/// <param name="Service">Only this service.</param>
/// <param name="Since">Only groups that were seen since.</param>
/// <param name="OpenOnly">Only those that nobody acknowledged.</param>
/// <param name="After">Cursor from the page before.</param>
/// <param name="Limit">At most so many, 1 to 500.</param>
public sealed record ObservedQuery(string Realm, string? Service = null, DateTimeOffset? Since = null, bool OpenOnly = false, string? After = null, int Limit = 100);

/// <summary>What a node adds to a group.</summary>
internal sealed record ObservedDelta(ObservedKey Key, string Id, string Method, string Path, long Times, long First, long Last);

/// <summary>What a node adds to an hour of a rule.</summary>
internal sealed record ObservedHour(string Realm, string Service, string Rule, long Hour, long Passed, long Refused, long Until);
