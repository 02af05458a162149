using System.Security.Cryptography;
using Gatehouse.Terms;
using Gatehouse.Wire.Ldap;

namespace Gatehouse.Federation.Ldap;

/// <summary>
/// A directory (LDAP or Active Directory): one search finds the person, one bind tries their password. For a name that is not there the bind is made all the same, with a name that cannot exist:
/// the road and the time are the same. It lists its people for an import, and sets passwords where it is writable; nothing else is ever written.
/// </summary>
public sealed class LdapUpstream : IChecksPasswords, IListsPeople, ISetsPasswords
{
    private readonly LdapShape shape;
    private readonly LdapPool pool;
    private readonly LdapServers servers;
    private readonly TimeProvider time;

    /// <summary>Opens one; nothing is connected yet.</summary>
    public LdapUpstream(Upstream upstream, Surroundings surroundings, bool activeDirectory)
    {
        shape = LdapShape.Of(upstream, activeDirectory);
        servers = LdapServers.Of(upstream);
        time = surroundings.Time;
        pool = new LdapPool(servers, upstream["bindDn"], upstream.Secrets.GetValueOrDefault("bindPassword"), time);
        IsWritable = upstream.Flag("writable");
        ImportRules.Of(upstream);
    }

    /// <summary>Where people and groups are.</summary>
    public LdapShape Shape => shape;

    /// <summary>Its connections.</summary>
    public LdapPool Pool => pool;

    /// <inheritdoc/>
    public async Task<Finding.Unavailable?> ProbeAsync(Trace trace, CancellationToken stop)
    {
        try
        {
            await pool.SearchAsync(async connection =>
            {
                trace.Add($"connected to {connection.Server}{(connection.Server.Scheme == "ldaps" || servers.StartTls ? ", TLS, name checked" : ", in plain text")}");
                await foreach (var (entry, result, _) in connection.SearchAsync(id => LdapWriting.Search(id, shape.UsersDn, LdapScope.Entry, LdapFilter.Present("objectClass"), ["1.1"], sizeLimit: 1), stop))
                    trace.Add(entry is not null ? $"found {entry.Dn}" : $"search ended with {result!.Code} {result.Message}");
                return true;
            }, stop);
            return null;
        }
        catch (LdapFault wrong)
        {
            trace.Add(wrong.Message);
            return new Finding.Unavailable(wrong.Message);
        }
    }

    /// <inheritdoc/>
    public async Task<Finding> CheckAsync(string username, Secret password, Trace trace, CancellationToken stop)
    {
        // An empty password would be an unauthenticated bind, which succeeds and proves nothing (RFC 4513, 5.1.2).
        if (password.Reveal().Length == 0 || username.Length == 0) return new Finding.Refused("invalid_user_credentials", "no password");
        try
        {
            return await TryAsync(username, password, trace, stop);
        }
        catch (LdapFault wrong)
        {
            trace.Add(wrong.Message);
            return new Finding.Unavailable(wrong.Message);
        }
    }

    /// <inheritdoc/>
    public bool IsWritable { get; }

    /// <inheritdoc/>
    public async Task<Finding?> SetPasswordAsync(string subject, Secret password, CancellationToken stop)
    {
        // An empty one would let the server make one up (RFC 3062, 2) that nobody is told.
        if (!IsWritable || password.Reveal().Length == 0) return new Finding.Refused("password_not_set", IsWritable ? "no password" : "it is read only");
        try
        {
            return await LdapPasswords.SetAsync(shape, pool, subject, password, stop);
        }
        catch (LdapFault wrong)
        {
            return new Finding.Unavailable(wrong.Message);
        }
    }

    /// <inheritdoc/>
    public Task<Listing> BeginAsync(string? since, CancellationToken stop) => LdapListing.BeginAsync(shape, pool, since, time, stop);

    private async Task<Finding> TryAsync(string username, Secret password, Trace trace, CancellationToken stop)
    {
        var (entry, groups, several) = await FindAsync(username, trace, stop);
        if (several) return new Finding.Refused("user_ambiguous", $"more than one entry has the login name {username}");
        var dn = entry?.Dn ?? $"cn={Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(12))},{shape.UsersDn}";
        var result = await pool.TryAsync(dn, password.Reveal(), stop);
        trace.Add($"bind as {(entry is null ? "nobody" : dn)}: {result.Code} {result.Message}");
        if (result.IsServerTrouble) return new Finding.Unavailable($"the bind failed: {result.Code} {result.Message}");
        if (entry is null || result.Code != LdapResult.Success) return new Finding.Refused(entry is null ? "user_not_found" : ReasonOf(result), $"{result.Code} {result.Message}");
        if (LdapPerson.BarOf(shape, entry) is { } bar) return new Finding.Refused(bar, $"the directory says so of {dn}");
        return LdapPerson.Of(shape, entry, groups) is { } person ? new Finding.Known(person) : new Finding.Refused("bad_answer", $"{dn} has no {shape.IdAttribute}");
    }

    private Task<(LdapEntry? Entry, IReadOnlyList<string> Groups, bool Several)> FindAsync(string username, Trace trace, CancellationToken stop)
        => pool.SearchAsync<(LdapEntry?, IReadOnlyList<string>, bool)>(async connection =>
        {
            LdapEntry? found = null;
            var several = false;
            await foreach (var (entry, result, _) in connection.SearchAsync(id => LdapWriting.Search(id, shape.UsersDn, LdapScope.Subtree, LdapFilter.Parse(shape.LoginFilter, username), shape.Attributes, sizeLimit: 2), stop))
            {
                several |= entry is not null && found is not null;
                found ??= entry;
                if (result is not null && result.Code is not (LdapResult.Success or LdapResult.SizeLimit)) throw new LdapFault($"the search failed: {result.Code} {result.Message}");
            }

            trace.Add(found is null ? $"search below {shape.UsersDn}: nobody" : $"search below {shape.UsersDn}: {found.Dn}");
            return (found, found is null || several ? [] : await LdapGroups.OfAsync(shape, connection, found, stop), several);
        }, stop);

    // Active Directory tells more in its diagnostic text, after "data".
    private static string ReasonOf(LdapResult result)
    {
        var at = result.Message.IndexOf("data ", StringComparison.Ordinal);
        return (at < 0 ? "" : result.Message[(at + 5)..].Split(',', ' ')[0]) switch
        {
            "533" => "user_disabled", "701" => "user_expired", "775" => "user_locked", "532" or "773" => "password_expired", _ => "invalid_user_credentials",
        };
    }
}
