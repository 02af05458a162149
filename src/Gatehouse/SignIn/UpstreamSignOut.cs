using Gatehouse.Audit;
using Gatehouse.Federation;
using Gatehouse.People;
using Gatehouse.Sessions;
using Gatehouse.Storage;
using Gatehouse.Terms;

namespace Gatehouse.SignIn;

/// <summary>Sign-outs that reach over to an upstream: its sessions end, and what came of them here ends too; and the other way round, where the upstream takes part.</summary>
public sealed class UpstreamSignOut(Upstreams upstreams, Attempts attempts, Links links, SessionStore sessions, Database database, AuditLog audit, TimeProvider time, Microsoft.Extensions.Options.IOptions<FederationSettings> settings) : ISignOutWay
{
    internal const string Leaving = "leaving";
    internal const string Returning = "signed out there";
    private static readonly TimeSpan Life = TimeSpan.FromMinutes(5);

    /// <inheritdoc/>
    public async Task<string?> WayAsync(Session session, string after, string? client, CancellationToken stop)
    {
        if (session is not { Upstream: { } alias, UpstreamHint: { } hint } || upstreams.Find(session.Realm, alias) is not { Enabled: true } upstream || upstreams.Open(upstream) is not { Upstream: ISignsOut { SignsOut: true } } live || !live.Breaker.Allows()) return null;
        var attempt = New(session.Realm, alias, Leaving, after);
        attempt.Kept["hint"] = hint;
        if (session.UpstreamSession is { } there) attempt.Kept["session"] = there;
        await attempts.KeepAsync(attempt, stop);
        return $"/realms/{session.Realm}/broker/{alias}/sign-out?way={attempt.Id}";
    }

    /// <summary>Takes that way: where the browser goes, or the address after it when the upstream cannot be asked. Null when the way is not known.</summary>
    public async Task<(Going? Going, string? After)?> LeaveAsync(string realm, string alias, string id, CancellationToken stop)
    {
        if (await attempts.TakeAsync(realm, id, stop) is not { Interaction: Leaving } way || way.Alias != alias) return null;
        if (upstreams.Find(realm, alias) is not { Enabled: true } upstream || upstreams.Open(upstream) is not { Upstream: ISignsOut signsOut }) return (null, way.Kept["after"]);
        var attempt = New(realm, alias, Returning, way.Kept["after"]);
        if (await signsOut.LeaveAsync(attempt, way.Kept["hint"], way.Kept.GetValueOrDefault("session"), stop) is not { } going) return (null, way.Kept["after"]);
        await attempts.KeepAsync(attempt, stop);
        return (going, null);
    }

    /// <summary>Takes a wish that came by the browser: where the browser goes then; or why it does not count.</summary>
    public async Task<(Going? Answer, string? Fault)> HearAsync(Realm realm, string alias, Returned returned, string? address, CancellationToken stop)
    {
        if (upstreams.Find(realm.Name, alias) is not { Enabled: true } upstream || upstreams.Open(upstream).Upstream is not IHearsSignOut hears) return (null, "the provider takes no part in sign-outs");
        var (asked, fault) = await hears.HearAsync(returned, stop);
        if (asked is null)
        {
            audit.NoteRefusal(new AuditEvent { Realm = realm.Name, Type = "LOGOUT_ERROR", Address = address, Error = "upstream_sign_out_refused", Details = new Dictionary<string, string> { ["upstream"] = alias, ["detail"] = fault! } });
            return (null, fault);
        }

        if (asked.Sessions.IsEmpty && asked.Subject is not null) await EndAsync(realm, upstream, new EndedThere(asked.Subject, null), address, stop);
        foreach (var session in asked.Sessions) await EndAsync(realm, upstream, new EndedThere(asked.Subject, session), address, stop);
        return (asked.Answer, null);
    }

    private Attempt New(string realm, string alias, string what, string after) => new()
    {
        Id = Attempts.NewId(), Realm = realm, Alias = alias, Interaction = what, Browser = "", ReturnAddress = $"{settings.Value.PublicUrl.TrimEnd('/')}/realms/{realm}/broker/{alias}/endpoint/logout_response", EndsAt = time.GetUtcNow() + Life,
        Kept = { ["after"] = after },
    };

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
