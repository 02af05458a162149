namespace Gatehouse.Gateway;

/// <summary>Where a route carries the id of the dialog that it is about. All places that are named must name the token's own.</summary>
/// <param name="Segment">Index of the path's segment, from 0; null when it is not in the path.</param>
/// <param name="Query">Name of the query parameter; null when it is not in the query.</param>
/// <param name="Body">Name of the JSON body's member; null when it is not in the body.</param>
/// <param name="After">What the route is called in a project's list of what is allowed after the end; null when it never is.</param>
public sealed record DialogPlace(int? Segment, string? Query, string? Body, string? After);
