namespace Gatehouse.SignIn;

/// <summary>Half a sign-in: name and password are proven, the code of the second factor is not yet.</summary>
/// <param name="User">User id.</param>
/// <param name="Name">Folded name that was typed: the browser is remembered for it.</param>
/// <param name="Proof">How the first half was proven; the session begins with it.</param>
/// <param name="Until">When it is over.</param>
/// <param name="Browser">Where it was proven: only there it goes on.</param>
public sealed record HalfIn(string User, string Name, Proof Proof, DateTimeOffset Until, string? Browser)
{
    /// <summary>Why no message is under way, one of <see cref="OneTime.OneTimeFault"/>'s; null when one is, or none is needed.</summary>
    public string? Unsent { get; init; }

    /// <summary>Whether a browser is the one where the password was proven.</summary>
    public bool IsOf(Origin origin) => Browser is not null && Browser == origin.Browser;
}
