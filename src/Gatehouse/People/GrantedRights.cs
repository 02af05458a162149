using Dapper;
using Gatehouse.Federation;
using Gatehouse.Storage;

namespace Gatehouse.People;

/// <summary>Roles and groups that a mapping gave to a user: kept beside the link by id, so that they can be told from those an administrator gave by hand.</summary>
internal static class GrantedRights
{
    /// <summary>Reads the stored form: <c>r:ID</c> and <c>g:ID</c>, parted by spaces.</summary>
    public static HashSet<string> Read(string text) => [.. text.Split(' ', StringSplitOptions.RemoveEmptyEntries)];

    /// <summary>Makes the user's mapped rights what the mapping says now. Roles and groups that do not exist here are passed over.</summary>
    public static async Task ApplyAsync(Work work, string realm, string upstream, string subject, string user, Mapped mapped)
    {
        var before = Read(await work.Connection.ExecuteScalarAsync<string?>("select granted from user_links where realm = @realm and upstream = @upstream and subject = @subject", new { realm, upstream, subject }, work.Transaction) ?? "");
        var wanted = new HashSet<string>(StringComparer.Ordinal);
        foreach (var role in mapped.Roles)
        {
            var slash = role.IndexOf('/', StringComparison.Ordinal);
            var (client, name) = slash < 0 ? ("", role) : (role[..slash], role[(slash + 1)..]);
            if (await work.Connection.ExecuteScalarAsync<string?>("select id from roles where realm = @realm and client = @client and name = @name", new { realm, client, name }, work.Transaction) is { } id) wanted.Add("r:" + id);
        }

        foreach (var path in mapped.Groups)
            if (await work.Connection.ExecuteScalarAsync<string?>("select id from people_groups where realm = @realm and path = @path", new { realm, path }, work.Transaction) is { } id) wanted.Add("g:" + id);

        if (wanted.SetEquals(before)) return;
        await TakeAsync(work, realm, user, before.Except(wanted));
        var kept = new HashSet<string>(before.Intersect(wanted), StringComparer.Ordinal);
        foreach (var right in wanted.Except(before))
        {
            // What somebody gave by hand stays theirs: it is not noted, and so never taken.
            var sql = right[0] == 'r' ? "insert into role_holders (realm, role_id, holder_kind, holder_id) values (@realm, @id, 0, @user) on conflict do nothing" : "insert into group_members (realm, group_id, user_id) values (@realm, @id, @user) on conflict do nothing";
            if (await work.Connection.ExecuteAsync(sql, new { realm, id = right[2..], user }, work.Transaction) == 1) kept.Add(right);
        }

        await work.Connection.ExecuteAsync("update user_links set granted = @granted where realm = @realm and upstream = @upstream and subject = @subject", new { realm, upstream, subject, granted = string.Join(' ', kept.Order(StringComparer.Ordinal)) }, work.Transaction);
        await work.AnnounceAsync(new Change("user", realm, user, "groups"));
        await work.AnnounceAsync(new Change("user", realm, user, "roles"));
    }

    /// <summary>Takes rights away.</summary>
    public static async Task TakeAsync(Work work, string realm, string user, IEnumerable<string> rights)
    {
        var any = false;
        foreach (var right in rights)
        {
            var sql = right[0] == 'r' ? "delete from role_holders where realm = @realm and role_id = @id and holder_kind = 0 and holder_id = @user" : "delete from group_members where realm = @realm and group_id = @id and user_id = @user";
            any |= await work.Connection.ExecuteAsync(sql, new { realm, id = right[2..], user }, work.Transaction) > 0;
        }

        if (any) await work.AnnounceAsync(new Change("user", realm, user, "roles"));
    }
}
