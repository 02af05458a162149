using System.Collections.Immutable;
using System.Data.Common;
using Dapper;
using Gatehouse.Federation;
using Gatehouse.Storage;

namespace Gatehouse.People;

/// <summary>Roles and groups that a mapping gave to a user: kept beside the link by id, so that they can be told from those an administrator gave by hand.</summary>
internal static class GrantedRights
{
    /// <summary>Whose they are, by which link.</summary>
    public sealed record Holder(string Realm, string Upstream, string Subject, string User);

    /// <summary>What exists here of the rights that mappings name.</summary>
    public sealed record Existing(IReadOnlyDictionary<(string Client, string Name), string> Roles, IReadOnlyDictionary<string, string> Groups)
    {
        /// <summary>The rights of a person: <c>r:ID</c> and <c>g:ID</c>. Roles and groups that do not exist here are passed over.</summary>
        public IReadOnlySet<string> Of(Mapped mapped)
            => new HashSet<string>(mapped.Roles.Select(role => Roles.GetValueOrDefault(Split(role)) is { } id ? "r:" + id : "").Concat(mapped.Groups.Select(path => Groups.GetValueOrDefault(path) is { } id ? "g:" + id : "")).Where(right => right.Length > 0), StringComparer.Ordinal);
    }

    /// <summary>Reads the stored form: <c>r:ID</c> and <c>g:ID</c>, parted by spaces.</summary>
    public static HashSet<string> Read(string text) => [.. text.Split(' ', StringSplitOptions.RemoveEmptyEntries)];

    /// <summary>Writes the stored form.</summary>
    public static string Write(IEnumerable<string> rights) => string.Join(' ', rights.Order(StringComparer.Ordinal));

    /// <summary>Gives a right. False when the user has it already.</summary>
    public static async Task<bool> GiveAsync(Work work, string realm, string user, string right)
    {
        var sql = right[0] == 'r' ? "insert into role_holders (realm, role_id, holder_kind, holder_id) values (@realm, @id, 0, @user) on conflict do nothing" : "insert into group_members (realm, group_id, user_id) values (@realm, @id, @user) on conflict do nothing";
        return await work.Connection.ExecuteAsync(sql, new { realm, id = right[2..], user }, work.Transaction) == 1;
    }

    /// <summary>What a link gave until now.</summary>
    public static async Task<HashSet<string>> ReadAsync(Work work, Holder holder)
        => Read(await work.Connection.ExecuteScalarAsync<string?>("select granted from user_links where realm = @Realm and upstream = @Upstream and subject = @Subject", holder, work.Transaction) ?? "");

    /// <summary>Looks up the rights that these people's mappings name, all at once.</summary>
    public static async Task<Existing> ResolveAsync(DbConnection connection, DbTransaction? transaction, string realm, IEnumerable<Mapped> all)
    {
        var (roles, groups) = (new Dictionary<(string, string), string>(), new Dictionary<string, string>(StringComparer.Ordinal));
        var (names, paths) = (all.SelectMany(one => one.Roles).Select(role => Split(role).Name).Where(StoredText.IsSound).Distinct().ToList(), all.SelectMany(one => one.Groups).Where(StoredText.IsSound).Distinct().ToList());
        foreach (var some in names.Chunk(500))
            foreach (var (id, client, name) in await connection.QueryAsync<(string, string, string)>("select id, client, name from roles where realm = @realm and name in @some", new { realm, some }, transaction)) roles[(client, name)] = id;
        foreach (var some in paths.Chunk(500))
            foreach (var (id, path) in await connection.QueryAsync<(string, string)>("select id, path from people_groups where realm = @realm and path in @some", new { realm, some }, transaction)) groups[path] = id;
        return new Existing(roles, groups);
    }

    /// <summary>Makes the user's mapped rights what the mapping says now. False when nothing was given or taken.</summary>
    public static async Task<bool> ApplyAsync(Work work, Holder holder, IReadOnlySet<string> before, IReadOnlySet<string> wanted)
    {
        if (wanted.SetEquals(before)) return false;
        await TakeAsync(work, holder.Realm, holder.User, before.Except(wanted));
        var kept = new HashSet<string>(before.Intersect(wanted), StringComparer.Ordinal);
        foreach (var right in wanted.Except(before))
        {
            // What somebody gave by hand stays theirs: it is not noted, and so never taken.
            if (await GiveAsync(work, holder.Realm, holder.User, right)) kept.Add(right);
        }

        if (kept.SetEquals(before)) return false;
        await work.Connection.ExecuteAsync("update user_links set granted = @granted where realm = @Realm and upstream = @Upstream and subject = @Subject",
            new { holder.Realm, holder.Upstream, holder.Subject, granted = Write(kept) }, work.Transaction);
        await work.AnnounceAsync(new Change("user", holder.Realm, holder.User, "groups"));
        await work.AnnounceAsync(new Change("user", holder.Realm, holder.User, "roles"));
        return true;
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

    private static (string Client, string Name) Split(string role)
    {
        var slash = role.IndexOf('/', StringComparison.Ordinal);
        return slash < 0 ? ("", role) : (role[..slash], role[(slash + 1)..]);
    }
}
