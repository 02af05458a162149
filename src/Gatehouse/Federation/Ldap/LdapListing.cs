using System.Runtime.CompilerServices;
using Gatehouse.Wire.Ldap;

namespace Gatehouse.Federation.Ldap;

/// <summary>
/// Lists a directory's people by simple paged results (RFC 2696), on a connection of its own: servers tie the cookie to it. No more than a page is held. The groups of each are what a sign-in
/// would find, so that the two never disagree.
/// </summary>
internal sealed class LdapListing : Listing
{
    private const int PageSize = 500;

    private readonly LdapShape shape;
    private readonly LdapConnection connection;
    private readonly LdapFilter filter;
    private readonly LdapGroupTree groups;

    private LdapListing(LdapShape shape, LdapPool pool, LdapConnection connection, LdapFilter filter, string mark, bool whole)
        => (this.shape, this.connection, this.filter, Mark, IsWhole, groups) = (shape, connection, filter, mark, whole, new LdapGroupTree(shape, pool));

    /// <inheritdoc/>
    public override string Mark { get; }

    /// <inheritdoc/>
    public override bool IsWhole { get; }

    /// <summary>Begins; see <see cref="IListsPeople.BeginAsync"/>.</summary>
    public static async Task<Listing> BeginAsync(LdapShape shape, LdapPool pool, string? since, TimeProvider time, CancellationToken stop)
    {
        var connection = await pool.ServiceAsync(stop);
        try
        {
            var mark = await LdapMark.NowAsync(shape, connection, time, stop);
            var changed = since is null ? null : mark.Since(since);
            var because = since is not null && changed is null ? "the mark of the last time is another server's" : null;
            if (changed is not null && shape.GroupsMatter && await HasChangedGroupsAsync(shape, connection, changed, stop)) (changed, because) = (null, "groups have changed, and with them perhaps anybody's rights");
            var people = LdapFilter.Parse(shape.PeopleFilter);
            return new LdapListing(shape, pool, connection, changed is null ? people : LdapFilter.And(people, changed), mark.ToString(), changed is null) { Because = because };
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    /// <inheritdoc/>
    public override async IAsyncEnumerable<IReadOnlyList<Listed>> PagesAsync([EnumeratorCancellation] CancellationToken stop)
    {
        byte[]? cookie = null;
        do
        {
            var entries = new List<LdapEntry>(PageSize);
            var sent = cookie;
            cookie = null;
            await foreach (var (entry, result, next) in connection.SearchAsync(id => LdapWriting.Search(id, shape.UsersDn, LdapScope.Subtree, filter, shape.Attributes, pageSize: PageSize, cookie: sent), stop))
            {
                if (entry is not null) entries.Add(entry);
                else if (result!.Code != LdapResult.Success) throw new LdapFault(Explain(result));
                else cookie = next;
            }

            // Beyond what was asked for, a server that pages has a cookie; one that does not understand the control says so by its silence.
            if (cookie is null && entries.Count > PageSize) throw new LdapFault($"{connection.Server} does not page its results (RFC 2696)");
            var found = await groups.OfAsync(entries, stop);
            yield return [.. entries.Select((entry, i) => new Listed(entry.Dn, LdapPerson.Of(shape, entry, found[i]), !LdapPerson.IsDisabled(shape, entry), entry.Attributes.Count > 0))];
        }
        while (cookie is { Length: > 0 });
    }

    /// <inheritdoc/>
    public override ValueTask DisposeAsync() => connection.DisposeAsync();

    private string Explain(LdapResult result) => result.Code switch
    {
        LdapResult.SizeLimit or 11 => $"{connection.Server} lists no more people than its limit ({result.Code} {result.Message}); allow the service account more (OpenLDAP: limits … size.prtotal=unlimited)",
        12 => $"{connection.Server} does not page its results (RFC 2696): {result.Message}",
        _ => $"{connection.Server} ended the listing: {result.Code} {result.Message}",
    };

    // Who left a group does not change, nor does their entry: only the group does.
    private static async Task<bool> HasChangedGroupsAsync(LdapShape shape, LdapConnection connection, LdapFilter changed, CancellationToken stop)
    {
        var filter = LdapFilter.And(LdapFilter.Or(LdapFilter.Equal("objectClass", "group"), LdapFilter.Equal("objectClass", "groupOfNames"), LdapFilter.Equal("objectClass", "groupOfUniqueNames")), changed);
        var any = false;
        await foreach (var (entry, result, _) in connection.SearchAsync(id => LdapWriting.Search(id, shape.GroupsDn ?? shape.UsersDn, LdapScope.Subtree, filter, ["1.1"], sizeLimit: 1), stop))
        {
            any |= entry is not null;
            if (result is not null && result.Code is not (LdapResult.Success or LdapResult.SizeLimit or LdapResult.NoSuchObject)) throw new LdapFault($"the search for changed groups failed: {result.Code} {result.Message}");
        }

        return any;
    }
}
