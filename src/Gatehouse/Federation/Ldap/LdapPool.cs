using System.Collections.Concurrent;
using Gatehouse.Wire.Ldap;

namespace Gatehouse.Federation.Ldap;

/// <summary>Connections to a directory: those of the service account, which search, and those on which people's passwords are tried. A server that cannot be reached is left out for half a minute; the next one serves.</summary>
public sealed class LdapPool(LdapServers servers, string? bindDn, Terms.Secret? bindPassword, TimeProvider time)
{
    private const int Most = 16;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Avoided = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Rests = TimeSpan.FromSeconds(60);

    private readonly ConcurrentStack<LdapConnection> searching = new();
    private readonly ConcurrentStack<LdapConnection> trying = new();
    private readonly ConcurrentDictionary<Uri, long> failed = new();
    private readonly SemaphoreSlim places = new(Most, Most);

    /// <summary>Works on a connection of the service account. What fails on a resting connection, which the server may have closed, is tried once on a new one.</summary>
    public async Task<T> SearchAsync<T>(Func<LdapConnection, Task<T>> work, CancellationToken stop) => await OnAsync(searching, ServiceAsync, work, stop);

    /// <summary>Tries a person's password: success, or the server's answer.</summary>
    public async Task<LdapResult> TryAsync(string dn, string password, CancellationToken stop) => await OnAsync(trying, ConnectAsync, connection => connection.BindAsync(dn, password, stop), stop);

    /// <summary>A connection of the service account for one long piece of work, such as an import; the caller disposes it.</summary>
    public Task<LdapConnection> ServiceAsync(CancellationToken stop) => ServiceAsync(null, stop);

    private async Task<T> OnAsync<T>(ConcurrentStack<LdapConnection> resting, Func<CancellationToken, Task<LdapConnection>> open, Func<LdapConnection, Task<T>> work, CancellationToken stop)
    {
        if (!await places.WaitAsync(Patience, stop)) throw new LdapFault("the directory is too slow for what is asked of it");
        try
        {
            while (resting.TryPop(out var kept))
            {
                if (time.GetElapsedTime(kept.UsedAt) > Rests)
                {
                    await kept.DisposeAsync();
                    continue;
                }

                try
                {
                    return await UseAsync(resting, kept, work);
                }
                catch (LdapFault)
                {
                    break;
                }
            }

            return await UseAsync(resting, await open(stop), work);
        }
        finally
        {
            places.Release();
        }
    }

    private static async Task<T> UseAsync<T>(ConcurrentStack<LdapConnection> resting, LdapConnection connection, Func<LdapConnection, Task<T>> work)
    {
        try
        {
            var made = await work(connection);
            if (!connection.Broken) resting.Push(connection);
            return made;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    private async Task<LdapConnection> ServiceAsync(Uri? _, CancellationToken stop)
    {
        var connection = await ConnectAsync(stop);
        if (bindDn is null) return connection;
        try
        {
            var result = await connection.BindAsync(bindDn, bindPassword?.Reveal() ?? "", stop);
            if (result.Code == LdapResult.Success) return connection;
            throw new LdapFault($"{connection.Server} refuses the service account: {result.Code} {result.Message}");
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    private async Task<LdapConnection> ConnectAsync(CancellationToken stop)
    {
        LdapFault? last = null;
        // Those that failed lately come last, so that there is always one to try.
        foreach (var server in servers.Servers.OrderBy(one => failed.TryGetValue(one, out var at) && time.GetElapsedTime(at) < Avoided))
        {
            try
            {
                var connection = await LdapConnection.OpenAsync(servers, server, Patience, time, stop);
                failed.TryRemove(server, out _);
                return connection;
            }
            catch (LdapFault wrong)
            {
                failed[server] = time.GetTimestamp();
                last = wrong;
            }
        }

        throw last ?? new LdapFault("no server is named");
    }
}
