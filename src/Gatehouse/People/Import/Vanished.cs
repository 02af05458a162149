using System.Collections.Immutable;
using Dapper;
using Gatehouse.Federation;
using Gatehouse.Storage;

namespace Gatehouse.People.Import;

/// <summary>Linked people who were not among all that an upstream listed, and what becomes of them.</summary>
public sealed class Vanished(Database database, Users users)
{
    private const string Reason = "vanished";
    private const int Step = 2000;
    private const int Together = 200;

    /// <summary>Those linked whose subject <paramref name="isListed"/> does not know, and how many are linked in all. Links that came while the import ran (<paramref name="before"/>) do not count.</summary>
    public async Task<(ImmutableArray<string> Users, int Linked)> FindAsync(Upstream upstream, Func<string, bool> isListed, DateTimeOffset before, CancellationToken stop)
    {
        var gone = ImmutableArray.CreateBuilder<string>();
        var (linked, after) = (0, "");
        while (true)
        {
            var values = new { upstream.Realm, upstream.Id, after, before = before.ToUnixTimeMilliseconds(), Step };
            var rows = await database.ReadAsync(async connection => (await connection.QueryAsync<(string Subject, string User)>(
                "select subject, user_id from user_links where realm = @Realm and upstream = @Id and subject > @after and linked_at < @before order by subject limit @Step", values)).AsList(), stop);
            if (rows.Count == 0) return (gone.ToImmutable(), linked);
            linked += rows.Count;
            gone.AddRange(rows.Where(row => !isListed(row.Subject)).Select(row => row.User));
            after = rows[^1].Subject;
        }
    }

    /// <summary>Disables them and ends what they have. Returns how many were enabled until now.</summary>
    public async Task<int> DisableAsync(Upstream upstream, ImmutableArray<string> gone, ImportHands hands, ImportStatus status, CancellationToken stop)
    {
        var count = 0;
        foreach (var some in gone.Chunk(Together))
        {
            count += await database.WriteAsync(async work =>
            {
                var disabled = 0;
                foreach (var user in await users.FindAllAsync(work, upstream.Realm, some))
                {
                    if (!user.Enabled) continue;
                    var changed = user with { Enabled = false, NotBefore = DateTimeOffset.FromUnixTimeSeconds(work.Now / 1000) };
                    if (!await users.ChangeAsync(work, changed)) continue;
                    // Without a hash, they are applied anew when they come back.
                    await work.Connection.ExecuteAsync("update user_links set barred = @Reason, applied = null where realm = @Realm and upstream = @upstream and user_id = @Id", new { Reason, upstream.Realm, upstream = upstream.Id, user.Id }, work.Transaction);
                    await hands.EndAsync(work, changed);
                    disabled++;
                }

                await hands.HoldAsync(work, status with { Disabled = status.Disabled + count + disabled });
                return disabled;
            }, stop);
        }

        return count;
    }
}
