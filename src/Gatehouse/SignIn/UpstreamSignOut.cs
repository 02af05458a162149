using Gatehouse.Audit;
using Gatehouse.Federation;
using Gatehouse.People;
using Gatehouse.Sessions;
using Gatehouse.Storage;
using Gatehouse.Terms;

namespace Gatehouse.SignIn;

/// <summary>An upstream says that a person's session there has ended: what came of it here ends too.</summary>
public sealed class UpstreamSignOut(Upstreams upstreams, Links links, SessionStore sessions, Database database, AuditLog audit)
{
    /// <summary>Takes an upstream's word, whichever of the realm's it is from. How many sessions ended; or why the word does not count.</summary>
    public async Task<(int Ended, string? Fault)> HearAsync(Realm realm, string token, string? address, CancellationToken stop)
    {
        var fault = "no provider of this realm takes such a token";
        foreach (var upstream in upstreams.Of(realm.Name))
        {
            if (!upstream.Enabled || upstreams.Open(upstream).Upstream is not IEndsSessions ends) continue;
            var (ended, not) = await ends.ReadAsync(token, stop);
            if (ended is null)
            {
                fault = not!;
                continue;
            }

            return (await EndAsync(realm, upstream, ended, address, stop), null);
        }

        return (0, fault);
    }

    private async Task<int> EndAsync(Realm realm, Upstream upstream, EndedThere ended, string? address, CancellationToken stop)
    {
        var ids = ended.SessionId is { } sid ? await sessions.OfUpstreamAsync(realm.Name, upstream.Alias, sid, stop) : [];
        if (ended.SessionId is null && ended.Subject is { } subject && await links.FindAsync(realm.Name, upstream.Id, subject, stop) is { } link)
            ids = [.. (await sessions.ListAsync(realm.Name, link.User, null, 1000, stop)).Items.Where(one => one.Upstream == upstream.Alias).Select(one => one.Id)];
        return await database.WriteAsync(async work =>
        {
            var count = 0;
            foreach (var id in ids)
            {
                if (!await sessions.EndAsync(work, realm.Name, id)) continue;
                count++;
                await audit.WriteAsync(work, new AuditEvent { Realm = realm.Name, Type = "LOGOUT", Session = id, Address = address, Details = new Dictionary<string, string> { ["upstream"] = upstream.Alias, ["method"] = "backchannel" } });
            }

            return count;
        }, stop);
    }
}
