using Dapper;
using Gatehouse.Storage;

namespace Gatehouse.People;

/// <summary>That a person of an upstream is a user here.</summary>
/// <param name="Realm">Realm name.</param>
/// <param name="Upstream">Id of the upstream.</param>
/// <param name="Subject">Their stable id there.</param>
/// <param name="User">User id here.</param>
/// <param name="Username">Login name there, as last seen.</param>
/// <param name="LinkedAt">When the link was made.</param>
public sealed record Link(string Realm, string Upstream, string Subject, string User, string? Username, DateTimeOffset LinkedAt);

/// <summary>Links of users to upstreams, each with the rights that the upstream's mapping gave: those, and no others, go again when the mapping no longer gives them.</summary>
public sealed class Links(Database database)
{
    private const string Columns = "realm, upstream, subject, user_id as User, username, linked_at as LinkedAt";

    /// <summary>The link of an upstream's person; null when there is none.</summary>
    public Task<Link?> FindAsync(string realm, string upstream, string subject, CancellationToken stop)
        => !StoredText.IsSound(subject) ? Task.FromResult<Link?>(null) : database.ReadAsync(async connection => (await connection.QuerySingleOrDefaultAsync<Row>($"select {Columns} from user_links where realm = @realm and upstream = @upstream and subject = @subject", new { realm, upstream, subject }))?.ToLink(), stop);

    /// <summary>All links of a user.</summary>
    public Task<IReadOnlyList<Link>> OfUserAsync(string realm, string user, CancellationToken stop)
        => database.ReadAsync<IReadOnlyList<Link>>(async connection => (await connection.QueryAsync<Row>($"select {Columns} from user_links where realm = @realm and user_id = @user order by linked_at, upstream", new { realm, user })).Select(row => row.ToLink()).ToList(), stop);

    /// <summary>Makes a link. False when the upstream's person is linked already.</summary>
    public async Task<bool> AddAsync(Work work, string realm, string upstream, string subject, string user, string? username)
    {
        var count = await work.Connection.ExecuteAsync("insert into user_links (realm, upstream, subject, user_id, username, granted, linked_at) values (@realm, @upstream, @subject, @user, @username, '', @Now) on conflict do nothing",
            new { realm, upstream, subject, user, username = Kept(username), work.Now }, work.Transaction);
        if (count == 1) await work.AnnounceAsync(new Change("user", realm, user, "links"));
        return count == 1;
    }

    /// <summary>Takes a user's link away, with the rights that came by it. False when there is none.</summary>
    public async Task<bool> RemoveAsync(Work work, string realm, string upstream, string user)
    {
        var granted = await work.Connection.ExecuteScalarAsync<string?>("delete from user_links where realm = @realm and upstream = @upstream and user_id = @user returning granted", new { realm, upstream, user }, work.Transaction);
        if (granted is null) return false;
        await GrantedRights.TakeAsync(work, realm, user, GrantedRights.Read(granted));
        await work.AnnounceAsync(new Change("user", realm, user, "links"));
        return true;
    }

    /// <summary>Makes the link of a user made just now; nobody can have known of it, so nobody is told. False when the person was linked in this very moment.</summary>
    internal async Task<bool> InsertAsync(Work work, Federation.Upstream upstream, Import.ImportEntry one, string user, string? barred)
        => await work.Connection.ExecuteAsync(
            "insert into user_links (realm, upstream, subject, user_id, username, granted, linked_at, applied, barred) values (@Realm, @Id, @Subject, @user, @Username, @granted, @Now, @Hash, @barred) on conflict do nothing",
            new { upstream.Realm, upstream.Id, one.Listed.Person!.Subject, user, Username = Kept(one.Listed.Person.Username), granted = GrantedRights.Write(one.Rights), work.Now, one.Hash, barred }, work.Transaction) == 1;

    /// <summary>Lets the next import apply the person's entry anew.</summary>
    internal Task ForgetAppliedAsync(Work work, string realm, string upstream, string subject)
        => work.Connection.ExecuteAsync("update user_links set applied = null where realm = @realm and upstream = @upstream and subject = @subject and applied is not null", new { realm, upstream, subject }, work.Transaction);

    /// <summary>Notes that a linked person signed in by the upstream just now, with a hash of their password where one was made.</summary>
    public Task SeenAsync(Work work, string realm, string upstream, string subject, string? hash)
        => work.Connection.ExecuteAsync("update user_links set seen_at = @Now, seen_hash = coalesce(@hash, seen_hash) where realm = @realm and upstream = @upstream and subject = @subject", new { realm, upstream, subject, hash, work.Now }, work.Transaction);

    /// <summary>When a user last signed in by an upstream, and the hash of the password of that time; null when never.</summary>
    public async Task<(DateTimeOffset At, string? Hash)?> LastSeenAsync(string realm, string upstream, string user, CancellationToken stop)
    {
        var row = await database.ReadAsync(connection => connection.QueryFirstOrDefaultAsync<(long At, string? Hash)>("select seen_at, seen_hash from user_links where realm = @realm and upstream = @upstream and user_id = @user order by seen_at desc limit 1", new { realm, upstream, user }), stop);
        return row.At == 0 ? null : (DateTimeOffset.FromUnixTimeMilliseconds(row.At), row.Hash);
    }

    /// <summary>Forgets the passwords of an upstream's people: its settings no longer want them.</summary>
    public Task<int> ForgetHashesAsync(Work work, string realm, string upstream)
        => work.Connection.ExecuteAsync("update user_links set seen_hash = null where realm = @realm and upstream = @upstream and seen_hash is not null", new { realm, upstream }, work.Transaction);

    /// <summary>Takes away the link of a person whose user is gone.</summary>
    internal Task RemoveStaleAsync(Work work, string realm, string upstream, string subject)
        => work.Connection.ExecuteAsync("delete from user_links where realm = @realm and upstream = @upstream and subject = @subject and user_id not in (select id from users where realm = @realm)", new { realm, upstream, subject }, work.Transaction);

    // A name that cannot be stored can be no login name either.
    internal static string? Kept(string? username) => username is not null && StoredText.IsSound(username) ? username : null;

    private sealed class Row
    {
        public string Realm { get; init; } = "";

        public string Upstream { get; init; } = "";

        public string Subject { get; init; } = "";

        public string User { get; init; } = "";

        public string? Username { get; init; }

        public long LinkedAt { get; init; }

        public Link ToLink() => new(Realm, Upstream, Subject, User, Username, DateTimeOffset.FromUnixTimeMilliseconds(LinkedAt));
    }
}
