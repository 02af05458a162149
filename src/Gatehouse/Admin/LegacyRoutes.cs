using Gatehouse.Admin.Representations;
using Gatehouse.Clients;

namespace Gatehouse.Admin;

/// <summary>Who still uses a shared secret, and what would replace it. Read only: the access file says which secrets there are.</summary>
internal static class LegacyRoutes
{
    private const int Usual = 30;

    public static void Map(AdminRoutes admin)
    {
        admin.Get("legacy/uses", "Lists uses of shared secrets, by address, User-Agent, route and method", Right.ViewEvents, ListAsync).Queries("secret", "max", "after").Gives<LegacyUseRepresentation[]>();
        admin.Get("legacy/proposal", "Proposes a service account for each client of a shared secret, with just the routes that it used", Right.ViewEvents, ProposeAsync).Queries("secret", "days").Gives<LegacyProposal[]>();
    }

    private static async Task<Answer> ListAsync(Asked asked)
    {
        var after = asked.Query("after");
        if (after is not null && (after.Length != 32 || !after.All(char.IsAsciiHexDigitLower))) throw Refused.Invalid("The parameter 'after' is not a cursor that was given out.");
        var page = await asked.Rooms.LegacyUses.ListAsync(asked.Realm.Name, Secret(asked), after, asked.Number("max", 100, 500), asked.Stop);
        asked.Next(page.Next);
        return Answer.Ok(page.Uses.Select(LegacyUseRepresentation.Of).ToArray());
    }

    private static async Task<Answer> ProposeAsync(Asked asked)
    {
        var days = asked.Number("days", Usual, 90);
        if (days == 0) throw Refused.Invalid("The parameter 'days' is 1 to 90.");
        return Answer.Ok(LegacyProposal.Of(asked.Realm.Name, await asked.Rooms.LegacyUses.AllAsync(asked.Realm.Name, Secret(asked), asked.Stop), Secret(asked), days, asked.Rooms.Time.GetUtcNow()).ToArray());
    }

    private static string? Secret(Asked asked)
        => asked.Query("secret") is not { } secret ? null : secret.Length is > 0 and <= 32 && secret.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-') ? secret : throw Refused.Invalid("The parameter 'secret' is a name under 'legacy' of the access file.");
}
