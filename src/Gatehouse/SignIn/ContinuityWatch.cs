using Gatehouse.Audit;
using Gatehouse.Federation;
using Gatehouse.People;
using Gatehouse.Sessions;
using Gatehouse.Storage;

namespace Gatehouse.SignIn;

/// <summary>Ends the sessions of an outage as soon as the directory answers again: from then on it says who may sign in. A directory is asked only while there are such sessions.</summary>
internal sealed class ContinuityWatch(Realms realms, Upstreams upstreams, SessionStore sessions, Links links, Database database, AuditLog audit, TimeProvider time, ILogger<ContinuityWatch> logger) : BackgroundService
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(5);
    private readonly HashSet<string> cleared = [];

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Every, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                try
                {
                    await LookAsync(stoppingToken);
                }
                catch (Exception wrong) when (wrong is System.Data.Common.DbException or StorageFault)
                {
                    logger.LogWarning("Sessions of an outage could not be looked at: {Message}", wrong.Message);
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The end.
        }
    }

    private async Task LookAsync(CancellationToken stop)
    {
        foreach (var upstream in realms.All.SelectMany(realm => upstreams.Of(realm.Name)))
        {
            if (upstream.ContinuityDays > 0) cleared.Remove(upstream.Id);
            else if (cleared.Add(upstream.Id))
            {
                // Off, or turned off while we slept: what was kept for it goes, sessions included.
                await database.WriteAsync(work => links.ForgetHashesAsync(work, upstream.Realm, upstream.Id), stop);
                await EndAsync(upstream, stop);
            }

            if (upstream.ContinuityDays == 0 || (await sessions.OfUpstreamAsync(upstream.Realm, upstream.Alias, Continuity.Mark, stop)).Count == 0) continue;
            var live = upstreams.Open(upstream);
            if (await live.Upstream.ProbeAsync(Trace.None, stop) is not null) continue;

            // First, or whoever is sent to sign in anew would be told that it is down.
            live.Breaker.Recovered();
            await EndAsync(upstream, stop);
        }
    }

    private async Task EndAsync(Upstream upstream, CancellationToken stop)
    {
        foreach (var id in await sessions.OfUpstreamAsync(upstream.Realm, upstream.Alias, Continuity.Mark, stop))
        {
            await database.WriteAsync(async work =>
            {
                if (await sessions.EndAsync(work, upstream.Realm, id))
                    await audit.WriteAsync(work, new AuditEvent { Realm = upstream.Realm, Type = "LOGOUT", Session = id, Details = new Dictionary<string, string> { ["upstream"] = upstream.Alias, ["method"] = "continuity_over" } });
                return true;
            }, stop);
        }
    }
}
