using Gatehouse.People;

namespace Gatehouse.Tokens.Grants;

/// <summary>What a facade adds to a sign-in that it takes by itself, without a page: asked after the person is proven and before anything begins, so that a stranger learns nothing by it.</summary>
/// <param name="Client">The <c>client_id</c> for which the sign-in is.</param>
/// <param name="Codes">All codes that <paramref name="Bar"/> answers.</param>
/// <param name="Bar">A stable code why a proven person may not come in by this door; null when they may.</param>
/// <param name="Life">How long that person's tokens live; a session lies unused as long before it ends.</param>
public sealed record EntryRules(string Client, IReadOnlyCollection<string> Codes, Func<User, string?> Bar, Func<User, TimeSpan> Life)
{
    /// <summary>Asked after <see cref="Bar"/>, where that needs what must be looked up: the same codes, and null when they may. Null for nothing more.</summary>
    public Func<User, CancellationToken, ValueTask<string?>>? BarAlso { get; init; }

    /// <summary>Whether <see cref="BarAlso"/> asks those who confirmed a second factor for its code. Where nobody does, they are not let in with half of what they show.</summary>
    public bool AsksSecondFactor { get; init; }

    /// <summary>Whether who is kept out is answered as for a wrong password: then it counts as one, or the next wait would tell.</summary>
    public bool IsSilent { get; init; }

    /// <summary>The one code that is no refusal: the person is half in, and what is missing is asked for next. Null for none.</summary>
    public string? Half { get; init; }

    /// <summary>Alias of the only provider that a password may be shown to; null for all that check passwords.</summary>
    public string? Provider { get; init; }

    /// <summary>Name of the door, for what it alone renews; null where nothing is.</summary>
    public string? Door { get; init; }

    /// <summary>What else the person proved by the time that the rules let them in (RFC 8176): a one-time code beside the password.</summary>
    public IReadOnlyList<string> MoreMethods { get; init; } = [];

    /// <summary>A stable code why a proven person may not come in by this door; null when they may.</summary>
    public async ValueTask<string?> BarAsync(User user, CancellationToken stop) => Bar(user) ?? (BarAlso is { } also ? await also(user, stop) : null);

    /// <summary>When a session that begins, or is used, now ends for want of use: never before the token that was made with it.</summary>
    public TimeSpan Idle(User user, TimeSpan usual)
    {
        var needed = Life(user) + TimeSpan.FromMinutes(2);
        return needed > usual ? needed : usual;
    }
}
