using System.Collections.Immutable;

namespace Gatehouse.Credentials;

/// <summary>Where a token may stand in a request, as a service or a rule of the access file declares it.</summary>
/// <param name="Authorization">As a bearer token in Authorization (RFC 6750, 2.1).</param>
/// <param name="Headers">Alone in one of these headers.</param>
/// <param name="Queries">As one of these parameters of the address. It ends up in the logs of whoever is before us: only where clients cannot do otherwise, as a browser's WebSocket.</param>
public sealed record TokenPlaces(bool Authorization, ImmutableArray<string> Headers, ImmutableArray<string> Queries)
{
    /// <summary>In Authorization, and nowhere else.</summary>
    public static TokenPlaces Usual { get; } = new(true, [], []);

    /// <summary>Whether Authorization is the only place.</summary>
    public bool IsUsual => Authorization && Headers.IsEmpty && Queries.IsEmpty;
}
