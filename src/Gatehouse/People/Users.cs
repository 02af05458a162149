using System.Collections.Immutable;
using System.Data.Common;
using System.Text.Json;
using Dapper;
using Gatehouse.Storage;

namespace Gatehouse.People;

/// <summary>Users of all realms. Changes announce <c>user</c> on the feed.</summary>
public sealed class Users(Database database)
{
    private static readonly Statement PasswordOf = new("select hash, temporary, set_at from passwords where realm = @realm and user_id = @id", "realm", "id");

    private const string Columns = "id, realm, username, email, email_verified as EmailVerified, first_name as FirstName, last_name as LastName, enabled, attributes, created_at as CreatedAt, not_before as NotBefore";

    /// <summary>Adds a user. False when the name or e-mail is taken.</summary>
    public async Task<bool> AddAsync(Work work, User user)
    {
        if (!await InsertAsync(work, user)) return false;
        await work.AnnounceAsync(new Change("user", user.Realm, user.Id));
        return true;
    }

    /// <summary>Replaces a user's members. False when there is none, or the name is taken.</summary>
    public async Task<bool> ChangeAsync(Work work, User user)
    {
        Names.AssertUser(user);
        var flat = Flat(user);
        var taken = await work.Connection.ExecuteScalarAsync<long>(
            "select count(*) from users where realm = @Realm and id <> @Id and (username = @Username or (@Email is not null and email = @Email))", flat, work.Transaction);
        if (taken > 0) return false;
        var count = await work.Connection.ExecuteAsync(
            """
            update users set username = @Username, email = @Email, email_verified = @EmailVerified, first_name = @FirstName, last_name = @LastName,
              enabled = @Enabled, attributes = @Attributes, not_before = @NotBefore, search = @Search where realm = @Realm and id = @Id
            """, flat, work.Transaction);
        if (count == 1) await work.AnnounceAsync(new Change("user", user.Realm, user.Id));
        return count == 1;
    }

    /// <summary>Deletes a user with all that is theirs in this room. False when there is none.</summary>
    public async Task<bool> RemoveAsync(Work work, string realm, string id)
    {
        await work.Connection.ExecuteAsync("delete from group_members where realm = @realm and user_id = @id", new { realm, id }, work.Transaction);
        await work.Connection.ExecuteAsync("delete from role_holders where realm = @realm and holder_kind = 0 and holder_id = @id", new { realm, id }, work.Transaction);
        await work.Connection.ExecuteAsync("delete from passwords where realm = @realm and user_id = @id", new { realm, id }, work.Transaction);
        await work.Connection.ExecuteAsync("delete from user_links where realm = @realm and user_id = @id", new { realm, id }, work.Transaction);
        var count = await work.Connection.ExecuteAsync("delete from users where realm = @realm and id = @id", new { realm, id }, work.Transaction);
        if (count == 1) await work.AnnounceAsync(new Change("user", realm, id, "removed"));
        return count == 1;
    }

    /// <summary>By id.</summary>
    public Task<User?> FindAsync(string realm, string id, CancellationToken stop) => OneAsync("id = @value", realm, id, stop);

    /// <summary>By user name, or by e-mail address when it has an @ and no such name exists.</summary>
    public async Task<User?> FindByNameAsync(string realm, string nameOrEmail, CancellationToken stop)
    {
        var value = Names.Fold(nameOrEmail);
        var found = await OneAsync("username = @value", realm, value, stop);
        return found ?? (value.Contains('@', StringComparison.Ordinal) ? await OneAsync("email = @value", realm, value, stop) : null);
    }

    /// <summary>The first value of an attribute, of all who have it or of <paramref name="some"/> of them. Reads every user of the realm, or those: for <see cref="AttributeIndex"/>.</summary>
    internal async Task<IReadOnlyList<(string Id, string Value)>> FirstValuesAsync(string realm, string attribute, IReadOnlyCollection<string>? some, CancellationToken stop)
    {
        // The stored form is narrowed by text and then read: the text alone could be another attribute's.
        var like = "%" + Names.Escape(JsonSerializer.Serialize(attribute)) + "%";
        var rows = await database.ReadAsync(async connection => (await connection.QueryAsync<(string Id, string Attributes)>(
            $"select id, attributes from users where realm = @realm and attributes like @like escape '\\' {(some is null ? "" : "and id in @some")}", new { realm, like, some = some?.ToArray() })).AsList(), stop);
        return [.. rows.Select(row => (row.Id, First: JsonSerializer.Deserialize<Dictionary<string, string[]>>(row.Attributes)?.GetValueOrDefault(attribute) is [var first, ..] ? first : null)).Where(one => one.First is not null).Select(one => (one.Id, one.First!))];
    }

    /// <summary>A page ordered by user name: substring search over name, e-mail, first and last name.</summary>
    public async Task<Page<User>> ListAsync(string realm, UserQuery query, CancellationToken stop)
    {
        var limit = Math.Clamp(query.Limit, 1, 10_000);
        var (where, values) = Where(realm, query);
        values.Add("after", query.After);
        values.Add("take", limit + 1);
        values.Add("skip", Math.Max(0, query.Skip));
        var cursor = query.After is null ? "" : "and username > @after";
        var rows = await database.ReadAsync(async connection => (await connection.QueryAsync<Row>($"select {Columns} from users where {where} {cursor} order by username limit @take offset @skip", values)).AsList(), stop);
        var items = rows.Take(limit).Select(row => row.ToUser()).ToList();
        return new Page<User>(items, rows.Count > limit ? items[^1].Username : null);
    }

    /// <summary>How many match.</summary>
    public Task<long> CountAsync(string realm, UserQuery query, CancellationToken stop)
    {
        var (where, values) = Where(realm, query);
        return database.ReadAsync(connection => connection.ExecuteScalarAsync<long>($"select count(*) from users where {where}", values), stop);
    }

    /// <summary>Stores a password hash (made by SignIn's hasher); replaces the old one.</summary>
    public async Task SetPasswordHashAsync(Work work, string realm, string id, string hash, bool temporary)
    {
        await work.Connection.ExecuteAsync(
            """
            insert into passwords (realm, user_id, hash, temporary, set_at) values (@realm, @id, @hash, @temporary, @at)
            on conflict (realm, user_id) do update set hash = excluded.hash, temporary = excluded.temporary, set_at = excluded.set_at
            """, new { realm, id, hash, temporary, at = work.Now }, work.Transaction);
        await work.AnnounceAsync(new Change("user", realm, id, "password"));
    }

    /// <summary>
    /// Replaces a hash by one of the same password at today's cost, unless the password was changed since <paramref name="old"/> was read: a hash takes its time, and whoever sets another password meanwhile means it. Null where the user had none, and
    /// still has none. The password is the same, so whether it is temporary and since when it counts stay.
    /// </summary>
    public async Task RenewPasswordHashAsync(Work work, string realm, string id, string? old, string hash)
    {
        if (old is not null) await work.Connection.ExecuteAsync("update passwords set hash = @hash where realm = @realm and user_id = @id and hash = @old", new { realm, id, hash, old }, work.Transaction);
        else if (await work.Connection.ExecuteAsync("insert into passwords (realm, user_id, hash, temporary, set_at) values (@realm, @id, @hash, @temporary, @at) on conflict do nothing", new { realm, id, hash, temporary = false, at = work.Now }, work.Transaction) == 1)
            await work.AnnounceAsync(new Change("user", realm, id, "password"));
    }

    /// <summary>The password hash and whether it must be changed; null when the user has no password.</summary>
    public Task<PasswordRow?> PasswordAsync(string realm, string id, CancellationToken stop)
        => database.ReadAsync(connection => PasswordOf.FirstAsync(connection, row => new PasswordRow(row.GetString(0), row.GetBoolean(1), DateTimeOffset.FromUnixTimeMilliseconds(row.GetInt64(2))), realm, id), stop);

    /// <summary>Adds a user as one of many: nobody can have known of them, so each is not told of. False when the name or e-mail is taken.</summary>
    internal async Task<bool> InsertAsync(Work work, User user)
    {
        Names.AssertUser(user);
        return await work.Connection.ExecuteAsync(
            """
            insert into users (id, realm, username, email, email_verified, first_name, last_name, enabled, attributes, created_at, not_before, search)
            values (@Id, @Realm, @Username, @Email, @EmailVerified, @FirstName, @LastName, @Enabled, @Attributes, @CreatedAt, @NotBefore, @Search)
            on conflict do nothing
            """, Flat(user), work.Transaction) == 1;
    }

    /// <summary>Several by id, as the write in progress sees them.</summary>
    internal async Task<IReadOnlyList<User>> FindAllAsync(Work work, string realm, IEnumerable<string> ids)
        => [.. (await work.Connection.QueryAsync<Row>($"select {Columns} from users where realm = @realm and id in @ids", new { realm, ids = ids.ToArray() }, work.Transaction)).Select(row => row.ToUser())];

    /// <summary>By id, as the write in progress sees it.</summary>
    internal async Task<User?> FindAsync(Work work, string realm, string id)
        => (await work.Connection.QuerySingleOrDefaultAsync<Row>($"select {Columns} from users where realm = @realm and id = @id", new { realm, id }, work.Transaction))?.ToUser();

    private Task<User?> OneAsync(string where, string realm, string value, CancellationToken stop)
        => !StoredText.IsSound(value) ? Task.FromResult<User?>(null) : database.ReadAsync(async (DbConnection connection) => (await connection.QuerySingleOrDefaultAsync<Row>($"select {Columns} from users where realm = @realm and {where}", new { realm, value }))?.ToUser(), stop);

    private static (string Where, DynamicParameters Values) Where(string realm, UserQuery query)
    {
        var where = "realm = @realm";
        var values = new DynamicParameters(new { realm });
        void And(string condition, string name, object value)
        {
            where += " and " + condition;
            values.Add(name, value);
        }

        if (query.Search is { Length: > 0 } search) And("search like @search escape '\\'", "search", $"%{Names.Like(search)}%");
        if (query.Username is { } username) And(query.Exact ? "username = @username" : "username like @username escape '\\'", "username", query.Exact ? Names.Fold(username) : $"%{Names.Like(username)}%");
        if (query.Email is { } email) And(query.Exact ? "email = @email" : "email like @email escape '\\'", "email", query.Exact ? Names.Fold(email) : $"%{Names.Like(email)}%");
        if (query.FirstName is { } first) And(query.Exact ? "first_name = @first" : "lower(first_name) like @first escape '\\'", "first", query.Exact ? first : $"%{Names.Like(first)}%");
        if (query.LastName is { } last) And(query.Exact ? "last_name = @last" : "lower(last_name) like @last escape '\\'", "last", query.Exact ? last : $"%{Names.Like(last)}%");
        if (query.Enabled is { } enabled) And("enabled = @enabled", "enabled", enabled);
        if (query.Group is { } group) And("id in (select user_id from group_members where realm = @realm and group_id = @group)", "group", group);
        if (query.Role is { } role) And("id in (select holder_id from role_holders where realm = @realm and holder_kind = 0 and role_id = @role)", "role", role);
        return (where, values);
    }

    private static object Flat(User user) => new
    {
        user.Id, user.Realm, user.Username, Email = user.Email is null ? null : Names.Fold(user.Email), user.EmailVerified, user.FirstName, user.LastName, user.Enabled,
        Attributes = JsonSerializer.Serialize(user.Attributes), CreatedAt = user.CreatedAt.ToUnixTimeMilliseconds(), NotBefore = user.NotBefore?.ToUnixTimeMilliseconds(),
        Search = Names.Fold($"{user.Username} {user.Email} {user.FirstName} {user.LastName}"),
    };

    private sealed class Row
    {
        public string Id { get; init; } = "";

        public string Realm { get; init; } = "";

        public string Username { get; init; } = "";

        public string? Email { get; init; }

        public bool EmailVerified { get; init; }

        public string? FirstName { get; init; }

        public string? LastName { get; init; }

        public bool Enabled { get; init; }

        public string Attributes { get; init; } = "{}";

        public long CreatedAt { get; init; }

        public long? NotBefore { get; init; }

        public User ToUser() => new()
        {
            Id = Id, Realm = Realm, Username = Username, Email = Email, EmailVerified = EmailVerified, FirstName = FirstName, LastName = LastName, Enabled = Enabled,
            Attributes = JsonSerializer.Deserialize<ImmutableDictionary<string, ImmutableArray<string>>>(Attributes)!,
            CreatedAt = DateTimeOffset.FromUnixTimeMilliseconds(CreatedAt),
            NotBefore = NotBefore is { } at ? DateTimeOffset.FromUnixTimeMilliseconds(at) : null,
        };
    }
}
