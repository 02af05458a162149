using Gatehouse.Sessions;

namespace Gatehouse.SignIn;

/// <summary>What comes next in a sign-in.</summary>
public abstract record Next
{
    private Next()
    {
    }

    /// <summary>Show this step's page.</summary>
    public sealed record Show(string Step) : Next;

    /// <summary>Nothing is missing: the browser goes to the interaction's resume path.</summary>
    public sealed record Finished(string Session) : Next;
}

/// <summary>Decides the next step from stored state alone. Steps never name one another: each returns here. <see cref="Steps"/> is the list.</summary>
public sealed class Dispatcher
{
    /// <summary>THE list of steps: each says from the interaction and the session whether it is needed. The first that is needed comes next.</summary>
    private static readonly (string Name, Func<Interaction, Session?, bool> IsNeeded)[] Steps =
    [
        ("code", (interaction, session) => IsUnproven(interaction, session) && interaction.Half is not null),
        ("password", IsUnproven),
    ];

    private static bool IsUnproven(Interaction interaction, Session? session) => session is null || (interaction.Fresh && session.AuthenticatedAt < interaction.BegunAt);

    /// <summary>The next step, or finished.</summary>
    public Next NextOf(Interaction interaction, Session? session)
    {
        foreach (var (name, isNeeded) in Steps)
            if (isNeeded(interaction, session)) return new Next.Show(name);
        return new Next.Finished(session!.Id);
    }
}
