using System.Collections.Concurrent;
using Gatehouse.Wire.Ldap;

namespace Gatehouse.Federation.Ldap;

/// <summary>
/// The groups of many people: what <see cref="LdapGroups"/> finds for each, with what lies above a group asked once. Of people only the questions that a sign-in asks too, several at a time.
/// </summary>
internal sealed class LdapGroupTree(LdapShape shape, LdapPool pool)
{
    private const int Deepest = 10;
    private const int Most = 1_000;
    private const int Together = 4;

    private readonly ConcurrentDictionary<string, Task<IReadOnlyList<string>>> above = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Distinguished names of each one's groups, in the order of the entries.</summary>
    public async Task<IReadOnlyList<string>[]> OfAsync(IReadOnlyList<LdapEntry> entries, CancellationToken stop)
    {
        var found = new IReadOnlyList<string>[entries.Count];
        await Parallel.ForEachAsync(Enumerable.Range(0, entries.Count), new ParallelOptions { MaxDegreeOfParallelism = Together, CancellationToken = stop }, async (i, late) => found[i] = await OfAsync(entries[i], late));
        return found;
    }

    private async ValueTask<IReadOnlyList<string>> OfAsync(LdapEntry entry, CancellationToken stop)
    {
        var direct = entry.Texts("memberOf");
        if (shape.GroupsDn is not { } groupsDn || !shape.GroupsMatter || (!shape.NestedGroups && !direct.IsEmpty)) return direct;
        var own = shape is { IsActiveDirectory: true, NestedGroups: true };
        var found = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        IReadOnlyList<string> level = own ? direct : await LdapGroups.WithMemberAsync(shape, pool, entry.Dn, stop);
        for (var depth = 0; depth < Deepest && level.Count > 0; depth++)
        {
            var next = new List<string>();
            foreach (var dn in level)
            {
                if (found.Count >= Most || !found.TryAdd(dn, dn) || !shape.NestedGroups) continue;
                next.AddRange(await above.GetOrAdd(dn, one => own ? LdapGroups.MemberOfAsync(pool, one, stop) : LdapGroups.WithMemberAsync(shape, pool, one, stop)));
            }

            level = next;
        }

        // Active Directory's own chain goes through all groups, and tells those that it was asked about.
        return own ? [.. found.Values.Where(dn => dn.EndsWith("," + groupsDn, StringComparison.OrdinalIgnoreCase))] : [.. found.Values];
    }
}
