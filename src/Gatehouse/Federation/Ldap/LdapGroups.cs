using Gatehouse.Wire.Ldap;

namespace Gatehouse.Federation.Ldap;

/// <summary>The groups of a person: what the entry says itself, and nested ones where that is asked for.</summary>
internal static class LdapGroups
{
    private const int Deepest = 10;
    private const int Most = 1_000;

    // Active Directory's matching rule "in chain": the server follows nested memberships itself.
    private const string InChain = "1.2.840.113556.1.4.1941";

    /// <summary>Distinguished names of the groups, each once.</summary>
    public static async Task<IReadOnlyList<string>> OfAsync(LdapShape shape, LdapConnection connection, LdapEntry entry, CancellationToken stop)
    {
        var direct = entry.Texts("memberOf");
        if (shape.GroupsDn is null || (!shape.NestedGroups && !direct.IsEmpty)) return direct;
        if (shape is { IsActiveDirectory: true, NestedGroups: true }) return await FindAsync(shape, connection, LdapFilter.Extensible("member", InChain, entry.Dn), stop);

        // Level by level, each with one question, each group once: a circle ends by itself.
        var found = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        IReadOnlyList<string> level = [entry.Dn];
        for (var depth = 0; depth < (shape.NestedGroups ? Deepest : 1) && level.Count > 0; depth++)
        {
            var next = new List<string>();
            foreach (var some in level.Chunk(50))
            {
                foreach (var dn in await FindAsync(shape, connection, LdapFilter.Or([.. some.SelectMany(dn => (LdapFilter[])[LdapFilter.Equal("member", dn), LdapFilter.Equal("uniqueMember", dn)])]), stop))
                {
                    if (found.Count < Most && found.TryAdd(dn, dn)) next.Add(dn);
                }
            }

            level = next;
        }

        return [.. found.Values];
    }

    /// <summary>Groups that have this member.</summary>
    public static Task<IReadOnlyList<string>> WithMemberAsync(LdapShape shape, LdapPool pool, string dn, CancellationToken stop)
        => pool.SearchAsync(connection => FindAsync(shape, connection, LdapFilter.Or(LdapFilter.Equal("member", dn), LdapFilter.Equal("uniqueMember", dn)), stop), stop);

    /// <summary>Groups that an entry says it is in.</summary>
    public static Task<IReadOnlyList<string>> MemberOfAsync(LdapPool pool, string dn, CancellationToken stop)
        => pool.SearchAsync<IReadOnlyList<string>>(async connection =>
        {
            LdapEntry? group = null;
            await foreach (var (entry, result, _) in connection.SearchAsync(id => LdapWriting.Search(id, dn, LdapScope.Entry, LdapFilter.Present("objectClass"), ["memberOf"]), stop))
            {
                group ??= entry;
                if (result is not null && result.Code is not (LdapResult.Success or LdapResult.NoSuchObject)) throw new LdapFault($"the group {dn} cannot be read: {result.Code} {result.Message}");
            }

            return group is null ? [] : group.Texts("memberOf");
        }, stop);

    private static async Task<IReadOnlyList<string>> FindAsync(LdapShape shape, LdapConnection connection, LdapFilter filter, CancellationToken stop)
    {
        var names = new List<string>();
        await foreach (var (entry, result, _) in connection.SearchAsync(id => LdapWriting.Search(id, shape.GroupsDn!, LdapScope.Subtree, filter, ["1.1"], sizeLimit: Most), stop))
        {
            if (entry is not null) names.Add(entry.Dn);
            else if (result!.Code is not (LdapResult.Success or LdapResult.SizeLimit or LdapResult.NoSuchObject)) throw new LdapFault($"the search for groups failed: {result.Code} {result.Message}");
        }

        return names;
    }
}
