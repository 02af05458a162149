using System.Collections.Immutable;
using Dapper;
using Gatehouse.Federation;
using Gatehouse.Storage;

namespace Gatehouse.People.Import;

/// <summary>What an import may do on the way: end a user's sessions and tokens, keep its lease.</summary>
/// <param name="EndAsync">Ends all that a user has, in the write that disables them.</param>
/// <param name="HoldAsync">Tells how far it is after this page and renews the lease; throws when it is lost, and nothing of the page is written.</param>
public sealed record ImportHands(Func<Work, User, Task> EndAsync, Func<Work, ImportStatus, Task> HoldAsync);

/// <summary>Applies listed people to users, a page in one transaction. Whoever is here by name already and not linked is left alone: a directory's word takes nobody over.</summary>
public sealed class ImportPages(Database database, Users users, Links links)
{
    /// <summary>Reads what a page would change; entries that make the same as last time are counted and left out.</summary>
    public Task<(IReadOnlyList<ImportEntry> Changed, int Unchanged)> CompareAsync(Upstream upstream, IReadOnlyList<Listed> people, CancellationToken stop)
        => database.ReadAsync<(IReadOnlyList<ImportEntry>, int)>(async connection =>
        {
            var mapped = people.Select(one => Mapped.Of(upstream.Mapping, one.Person!)).ToList();
            var rights = await GrantedRights.ResolveAsync(connection, null, upstream.Realm, mapped);
            var subjects = people.Select(one => one.Person!.Subject).ToList();
            var known = (await connection.QueryAsync<(string Subject, string? Applied)>("select subject, applied from user_links where realm = @Realm and upstream = @Id and subject in @subjects", new { upstream.Realm, upstream.Id, subjects })).ToDictionary(row => row.Subject, row => row.Applied, StringComparer.Ordinal);
            var changed = new List<ImportEntry>();
            for (var i = 0; i < people.Count; i++)
            {
                var wanted = rights.Of(mapped[i]);
                var hash = ImportHash.Of(upstream, people[i], mapped[i], wanted);
                if (known.GetValueOrDefault(subjects[i]) != hash) changed.Add(new ImportEntry(people[i], mapped[i], wanted, hash));
            }

            return (changed, people.Count - changed.Count);
        }, stop);

    /// <summary>Applies what changed, in one transaction; returns what came of it, added to <paramref name="before"/>.</summary>
    public Task<ImportStatus> ApplyAsync(Upstream upstream, IReadOnlyList<ImportEntry> changed, ImportStatus before, ImportHands hands, CancellationToken stop)
        => database.WriteAsync(async work =>
        {
            var page = new ImportPage(work, upstream, users, links, hands);
            await page.LookAsync(changed);
            foreach (var one in changed) await page.ApplyAsync(one);
            var now = before.With(page.Status);
            if (page.Status.Made > 0) await work.AnnounceAsync(new Change("users.imported", upstream.Realm, upstream.Id));
            await hands.HoldAsync(work, now);
            return now;
        }, stop);
}

/// <summary>A listed person who makes something else than last time.</summary>
/// <param name="Listed">The person.</param>
/// <param name="Mapped">What the mapping makes of them.</param>
/// <param name="Rights">The rights of it that exist here.</param>
/// <param name="Hash">Hash of all that.</param>
public sealed record ImportEntry(Listed Listed, Mapped Mapped, IReadOnlySet<string> Rights, string Hash);
