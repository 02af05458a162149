using Dapper;
using Gatehouse.Storage;

namespace Gatehouse.Tokens;

/// <summary>Deletes what a realm leaves behind in this room: codes and refresh tokens.</summary>
public static class RealmEnd
{
    /// <summary>Deletes all of a realm's codes and refresh tokens.</summary>
    public static async Task RemoveAsync(Work work, string realm)
    {
        await work.Connection.ExecuteAsync("delete from refresh_answers where id in (select answer from refresh_tokens where realm = @realm and answer is not null)", new { realm }, work.Transaction);
        foreach (var table in (string[])["codes", "refresh_tokens", "refresh_families", "gadget_stops"])
            await work.Connection.ExecuteAsync($"delete from {table} where realm = @realm", new { realm }, work.Transaction);
    }
}
