using System.Globalization;
using Gatehouse.Wire.Ldap;

namespace Gatehouse.Federation.Ldap;

/// <summary>
/// A point in a directory's history. Active Directory counts changes, each server for itself: the mark names the server too. Elsewhere it is the time. Both are taken before a listing begins and
/// reach back a little when they are used: what is read twice costs nothing, what is missed is lost.
/// </summary>
internal sealed record LdapMark(bool Counts, string Server, long Point)
{
    // Clocks differ, replicas lag.
    private static readonly TimeSpan Overlap = TimeSpan.FromMinutes(5);

    // Changes that had their number but were not visible yet.
    private const long OverlapCount = 100;

    /// <summary>The point of now.</summary>
    public static async Task<LdapMark> NowAsync(LdapShape shape, LdapConnection connection, TimeProvider time, CancellationToken stop)
    {
        if (!shape.IsActiveDirectory) return new LdapMark(false, "", time.GetUtcNow().ToUnixTimeSeconds());
        LdapEntry? root = null;
        await foreach (var (entry, _, _) in connection.SearchAsync(id => LdapWriting.Search(id, "", LdapScope.Entry, LdapFilter.Present("objectClass"), ["highestCommittedUSN", "dsServiceName"]), stop)) root ??= entry;
        return root?.Text("dsServiceName") is { } server && long.TryParse(root.Text("highestCommittedUSN"), NumberStyles.None, CultureInfo.InvariantCulture, out var count)
            ? new LdapMark(true, server, count) : throw new LdapFault($"{connection.Server} tells no highestCommittedUSN: is it Active Directory?");
    }

    /// <summary>The filter of what changed since an earlier mark; null when that one says nothing here.</summary>
    public LdapFilter? Since(string earlier)
    {
        if (earlier.Split('|', 2) is not [var server, var text] || !long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var point) || server != Server || point > Point) return null;
        return Counts ? LdapFilter.AtLeast("uSNChanged", Math.Max(0, point - OverlapCount).ToString(CultureInfo.InvariantCulture))
            : LdapFilter.AtLeast("modifyTimestamp", (DateTimeOffset.FromUnixTimeSeconds(point) - Overlap).ToString("yyyyMMddHHmmss'Z'", CultureInfo.InvariantCulture));
    }

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Server}|{Point}");
}
