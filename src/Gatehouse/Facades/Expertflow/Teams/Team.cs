namespace Gatehouse.Facades.Expertflow.Teams;

/// <summary>A team, as the vendor's clients read it.</summary>
internal sealed record Team(string Id, string Name);

/// <summary>The teams of a person.</summary>
/// <param name="Own">The team that the person works in; null for none.</param>
/// <param name="Supervised">Teams that the person supervises.</param>
/// <param name="SupervisedSecond">Teams that the person supervises in the second place.</param>
internal sealed record TeamsOfPerson(Team? Own, IReadOnlyList<Team> Supervised, IReadOnlyList<Team> SupervisedSecond)
{
    /// <summary>Whether the person belongs to any.</summary>
    public bool Any => Own is not null || Supervised.Count > 0 || SupervisedSecond.Count > 0;

    /// <summary>Nobody's.</summary>
    public static TeamsOfPerson None { get; } = new(null, [], []);
}

/// <summary>Why a person's teams are not known: <see cref="Status"/> as the vendor's library has it (408 for no answer in time, 404 for nobody there).</summary>
internal sealed class TeamsFault(int status, string message) : Exception(message)
{
    /// <summary>HTTP status.</summary>
    public int Status => status;
}

/// <summary>Knows the teams of a person.</summary>
internal interface ITeams
{
    /// <summary>The teams; throws <see cref="TeamsFault"/> when they cannot be known now.</summary>
    Task<TeamsOfPerson> OfAsync(People.User user, CancellationToken stop);
}
