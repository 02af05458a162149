using Dapper;
using Gatehouse.Federation;
using Gatehouse.Storage;

namespace Gatehouse.People.Import;

/// <summary>One page of an import, within its transaction: what is there already is read at once for all, then each is made or changed.</summary>
internal sealed class ImportPage(Work work, Upstream upstream, Users users, Links links, ImportHands hands)
{
    /// <summary>Why an import disabled a user: the directory says so.</summary>
    public const string Disabled = "disabled";

    private const string UpdateLink = "update user_links set applied = @hash, username = @username, barred = @barred where realm = @Realm and upstream = @Id and subject = @subject";

    private readonly Dictionary<string, LinkRow> linked = new(StringComparer.Ordinal);
    private readonly HashSet<string> taken = new(StringComparer.Ordinal);
    private Dictionary<string, User> known = new(StringComparer.Ordinal);

    public ImportStatus Status { get; private set; } = new();

    public async Task LookAsync(IReadOnlyList<ImportEntry> all)
    {
        var subjects = all.Select(one => one.Listed.Person!.Subject).ToList();
        foreach (var row in await work.Connection.QueryAsync<LinkRow>("select subject, user_id as User, granted, barred from user_links where realm = @Realm and upstream = @Id and subject in @subjects", new { upstream.Realm, upstream.Id, subjects }, work.Transaction)) linked[row.Subject] = row;
        if (linked.Count > 0) known = (await users.FindAllAsync(work, upstream.Realm, linked.Values.Select(row => row.User))).ToDictionary(user => user.Id, StringComparer.Ordinal);
        var names = all.Where(one => !linked.ContainsKey(one.Listed.Person!.Subject)).Select(one => Linking.NameOf(upstream, one.Listed.Person!)).ToList();
        if (names.Count > 0) taken.UnionWith(await work.Connection.QueryAsync<string>("select username from users where realm = @Realm and username in @names", new { upstream.Realm, names }, work.Transaction));
    }

    public async Task ApplyAsync(ImportEntry one)
    {
        try
        {
            if (linked.TryGetValue(one.Listed.Person!.Subject, out var row) && known.TryGetValue(row.User, out var user)) await ChangeAsync(one, row, user);
            else await MakeAsync(one, stale: row is not null);
        }
        catch (ArgumentException)
        {
            // What a user may be is checked before anything of them is written: too many attributes, say. The others come all the same.
            Skip(one, "not_storable");
        }
    }

    private async Task MakeAsync(ImportEntry one, bool stale)
    {
        var (person, name) = (one.Listed.Person!, Linking.NameOf(upstream, one.Listed.Person!));
        if (!upstream.CreatesUsers)
        {
            Skip(one, "not_created");
            return;
        }

        if (!taken.Add(name))
        {
            Skip(one, "name_taken");
            return;
        }

        if (stale) await links.RemoveStaleAsync(work, upstream.Realm, upstream.Id, person.Subject);
        var user = Linking.With(new User { Id = Guid.NewGuid().ToString(), Realm = upstream.Realm, Username = name, CreatedAt = DateTimeOffset.FromUnixTimeMilliseconds(work.Now), Enabled = one.Listed.Enabled }, upstream, person, one.Mapped);
        if (!await users.InsertAsync(work, user))
        {
            taken.Remove(name);
            Skip(one, "email_taken");
            return;
        }

        if (!await links.InsertAsync(work, upstream, one, user.Id, one.Listed.Enabled ? null : Disabled))
        {
            // They signed in just now, and are a user by that: the next import finds them.
            await users.RemoveAsync(work, user.Realm, user.Id);
            Status = Status with { Unchanged = Status.Unchanged + 1 };
            return;
        }

        foreach (var right in one.Rights) await GrantedRights.GiveAsync(work, upstream.Realm, user.Id, right);
        Status = Status with { Made = Status.Made + 1 };
    }

    private async Task ChangeAsync(ImportEntry one, LinkRow row, User user)
    {
        var person = one.Listed.Person!;
        var changed = upstream.UpdatesUsers ? Linking.With(user, upstream, person, one.Mapped) : user;
        // Whom somebody disabled by hand stays disabled; whom an import disabled is let in again when the directory does.
        var (enabled, barred) = one.Listed.Enabled ? (user.Enabled || row.Barred is not null, (string?)null) : (false, user.Enabled ? Disabled : row.Barred);
        changed = changed with { Enabled = enabled };
        var ends = user.Enabled && !enabled;
        if (ends) changed = changed with { NotBefore = DateTimeOffset.FromUnixTimeSeconds(work.Now / 1000) };
        if (!changed.IsSame(user) && !await users.ChangeAsync(work, changed))
        {
            // The address is another's: theirs stays as it was, and all else counts.
            changed = changed with { Email = user.Email, EmailVerified = user.EmailVerified };
            Note(one, "email_taken");
            if (!changed.IsSame(user) && !await users.ChangeAsync(work, changed)) throw new InvalidOperationException("A user cannot be changed without a new name or address.");
        }

        if (ends) await hands.EndAsync(work, changed);
        await GrantedRights.ApplyAsync(work, new GrantedRights.Holder(upstream.Realm, upstream.Id, person.Subject, user.Id), GrantedRights.Read(row.Granted), one.Rights);
        await work.Connection.ExecuteAsync(UpdateLink, new { upstream.Realm, upstream.Id, subject = person.Subject, hash = one.Hash, username = Links.Kept(person.Username), barred }, work.Transaction);
        Status = Status with { Changed = Status.Changed + 1, Disabled = Status.Disabled + (ends ? 1 : 0) };
    }

    private void Skip(ImportEntry one, string code)
    {
        Status = Status with { Skipped = Status.Skipped + 1 };
        Note(one, code);
    }

    private void Note(ImportEntry one, string code)
    {
        if (Status.Notes.Length < ImportStatus.MostNotes) Status = Status with { Notes = Status.Notes.Add(new ImportNote(StoredText.Clean(one.Listed.Name, 300), code)) };
    }

    private sealed class LinkRow
    {
        public string Subject { get; init; } = "";

        public string User { get; init; } = "";

        public string Granted { get; init; } = "";

        public string? Barred { get; init; }
    }
}
