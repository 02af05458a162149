using System.Text;
using Gatehouse.Audit;
using Gatehouse.Federation;
using Gatehouse.Keys;
using Gatehouse.People;
using Gatehouse.Sessions;
using Gatehouse.Terms;

namespace Gatehouse.SignIn.Steps;

/// <summary>How a way by an upstream ended.</summary>
public abstract record UpstreamOutcome
{
    private UpstreamOutcome()
    {
    }

    /// <summary>The browser goes there.</summary>
    public sealed record Go(Going Going) : UpstreamOutcome;

    /// <summary>The person is in; the value goes into the cookie. Without an interaction, the sign-in began there and ends at the target.</summary>
    public sealed record In(User User, string Cookie, Interaction? Interaction, string Target = "") : UpstreamOutcome;

    /// <summary>The browser goes on to this address: a sign-out there is done.</summary>
    public sealed record Onward(string Address) : UpstreamOutcome;

    /// <summary>A test is done; nobody is signed in.</summary>
    public sealed record Tested(Upstream Upstream, IReadOnlyList<string> Hops, Finding Finding, Mapped? Mapped) : UpstreamOutcome;

    /// <summary>A user of that name exists: the password form asks for the other half of the proof.</summary>
    public sealed record Prove(Interaction Interaction, User Existing) : UpstreamOutcome;

    /// <summary>It did not work; the person may try again or take another way.</summary>
    /// <param name="Interaction">To which the person goes back; null when it is gone.</param>
    /// <param name="Words">Key of what the page says.</param>
    /// <param name="Title">Name of the upstream for people.</param>
    public sealed record Not(Interaction? Interaction, string Words, string Title) : UpstreamOutcome;
}

/// <summary>Sign-in by an upstream to which the browser goes: there, back, and what came of it. An attempt is bound to the browser that left, and taken once.</summary>
public sealed class UpstreamStep(Upstreams upstreams, Attempts attempts, BrowserTests tests, Interactions interactions, Linking linking, Users users, Arrival arrival, AuditLog audit, Sealer sealer, TimeProvider time, Microsoft.Extensions.Options.IOptions<FederationSettings> settings)
{
    private static readonly TimeSpan Life = TimeSpan.FromMinutes(15);

    /// <summary>Sends the browser there. <paramref name="bind"/> leaves a mark with the browser for the attempt of that id, and returns it.</summary>
    public async Task<UpstreamOutcome> BeginAsync(Realm realm, Interaction interaction, string alias, Func<string, string> bind, string? hint, Session? before, CancellationToken stop)
    {
        if (upstreams.Find(realm.Name, alias) is not { Enabled: true } upstream || upstreams.Open(upstream) is not { Upstream: IRedirects redirects } live) return new UpstreamOutcome.Not(interaction, "error.upstream.unknown", alias);
        if (!live.Breaker.Allows()) return await DownAsync(realm, interaction, upstream, "it failed repeatedly and is left alone for a moment");
        var id = Attempts.NewId();
        var attempt = new Attempt
        {
            Id = id, Realm = realm.Name, Alias = alias, Interaction = interaction.Id, Browser = BrowserOf(bind(id)), ReturnAddress = AddressOf(realm, alias),
            LoginHint = hint ?? interaction.LoginHint, Fresh = interaction.Fresh && before is not null, EndsAt = time.GetUtcNow() + Life,
        };
        var (going, not) = await redirects.BeginAsync(attempt, Trace.None, stop);
        if (going is null) return await DownAsync(realm, interaction, upstream, live.Breaker.Note(not!).Detail);
        await attempts.KeepAsync(attempt, stop);
        return new UpstreamOutcome.Go(going);
    }

    /// <summary>Sends a browser there for a test, when it has the key of one. An upstream that is turned off can be tested too.</summary>
    public async Task<UpstreamOutcome> BeginTestAsync(Realm realm, string alias, string key, Func<string, string> bind, CancellationToken stop)
    {
        if (!await tests.TakeAsync(realm.Name, alias, key, stop) || upstreams.Find(realm.Name, alias) is not { } upstream || upstreams.Open(upstream).Upstream is not IRedirects redirects) return new UpstreamOutcome.Not(null, "error.upstream.lost", alias);
        var (id, trace) = (Attempts.NewId(), new Trace());
        var attempt = new Attempt { Id = id, Realm = realm.Name, Alias = alias, Interaction = BrowserTests.UnderWay, Browser = BrowserOf(bind(id)), ReturnAddress = AddressOf(realm, alias), EndsAt = time.GetUtcNow() + Life };
        if (await redirects.ProbeAsync(trace, stop) is { } down) return new UpstreamOutcome.Tested(upstream, trace.Lines, down, null);
        var (going, not) = await redirects.BeginAsync(attempt, trace, stop);
        if (going is null) return new UpstreamOutcome.Tested(upstream, trace.Lines, not!, null);
        attempt.Kept["hops"] = string.Join('\n', trace.Lines);
        await attempts.KeepAsync(attempt, stop);
        return new UpstreamOutcome.Go(going);
    }

    private async Task<UpstreamOutcome> FinishTestAsync(Realm realm, Attempt attempt, Returned returned, CancellationToken stop)
    {
        if (upstreams.Find(realm.Name, attempt.Alias) is not { } upstream || upstreams.Open(upstream).Upstream is not IRedirects redirects) return new UpstreamOutcome.Not(null, "error.upstream.unknown", attempt.Alias);
        var trace = new Trace();
        foreach (var hop in attempt.Kept["hops"].Split('\n')) trace.Add(hop);
        trace.Add("the browser is back");
        var finding = await redirects.FinishAsync(attempt, returned, trace, stop);
        return new UpstreamOutcome.Tested(upstream, trace.Lines, finding, finding is Finding.Known known ? Mapped.Of(upstream.Mapping, known.Identity) : null);
    }

    private string AddressOf(Realm realm, string alias) => $"{settings.Value.PublicUrl.TrimEnd('/')}/realms/{realm.Name}/broker/{alias}/endpoint";

    /// <summary>Takes what the browser brought back. <paramref name="state"/> names the attempt, <paramref name="nonce"/> is the mark that was left with the browser.</summary>
    public async Task<UpstreamOutcome> FinishAsync(Realm realm, string alias, string state, Returned returned, string? nonce, Origin origin, Func<Session?> before, CancellationToken stop)
    {
        if (await attempts.TakeAsync(realm.Name, state, stop) is not { } attempt) return new UpstreamOutcome.Not(null, "error.upstream.lost", alias);
        if (attempt.Interaction == UpstreamSignOut.Returning) return attempt.Alias == alias ? new UpstreamOutcome.Onward(attempt.Kept["after"]) : new UpstreamOutcome.Not(null, "error.upstream.lost", alias);
        var interaction = await interactions.FindAsync(realm.Name, attempt.Interaction, stop);
        if (attempt.Alias != alias || nonce is null || !System.Security.Cryptography.CryptographicOperations.FixedTimeEquals(Encoding.ASCII.GetBytes(attempt.Browser), Encoding.ASCII.GetBytes(BrowserOf(nonce))))
        {
            Note(realm, interaction, null, alias, "attempt_mismatch", "the answer came to another provider's address, or by another browser", origin);
            return new UpstreamOutcome.Not(null, "error.upstream.lost", alias);
        }

        if (attempt.Interaction == BrowserTests.UnderWay) return await FinishTestAsync(realm, attempt, returned, stop);
        if (interaction is null) return new UpstreamOutcome.Not(null, "error.upstream.lost", alias);
        if (upstreams.Find(realm.Name, alias) is not { Enabled: true } upstream || upstreams.Open(upstream) is not { Upstream: IRedirects redirects } live) return new UpstreamOutcome.Not(interaction, "error.upstream.unknown", alias);
        return await JudgeAsync(realm, interaction, upstream, live.Breaker.Note(await redirects.FinishAsync(attempt, returned, Trace.None, stop)), attempt.Fresh, "", origin, before, stop);
    }

    /// <summary>Takes an answer that nobody asked for, where the upstream may start sign-ins itself.</summary>
    public async Task<UpstreamOutcome> FinishUnaskedAsync(Realm realm, string alias, Returned returned, Origin origin, CancellationToken stop)
    {
        if (upstreams.Find(realm.Name, alias) is not { Enabled: true } upstream || upstreams.Open(upstream) is not { Upstream: IStartsSignIns { StartsSignIns: true } starts } live) return new UpstreamOutcome.Not(null, "error.upstream.lost", alias);
        return await JudgeAsync(realm, null, upstream, live.Breaker.Note(await starts.FinishUnaskedAsync(returned, Trace.None, stop)), false, starts.Target, origin, () => null, stop);
    }

    /// <summary>Takes a ticket that the browser sent by itself. The provider whose service it names has the word. The answer proves us to the browser; null when there is none.</summary>
    public async Task<(UpstreamOutcome Outcome, string? Answer)> AcceptAsync(Realm realm, Interaction interaction, IReadOnlyList<(Upstream Upstream, IAsksForTickets Asks)> askers, Secret ticket, Origin origin, Session? before, CancellationToken stop)
    {
        var (judge, finding, answer) = (askers[0].Upstream, default(Finding), default(string));
        foreach (var (upstream, asks) in askers)
        {
            (judge, var breaker) = (upstream, upstreams.Open(upstream).Breaker);
            (finding, answer) = breaker.Allows() ? await asks.JudgeAsync(ticket, stop) : (new Finding.Unavailable(breaker.Last ?? "it is left alone for a moment"), null);
            if (breaker.Note(finding) is not Finding.Refused { Code: "wrong_service" or "wrong_realm" }) break;
        }

        return (await JudgeAsync(realm, interaction, judge, finding!, false, "", origin, () => before, stop), answer);
    }

    private async Task<UpstreamOutcome> JudgeAsync(Realm realm, Interaction? interaction, Upstream upstream, Finding finding, bool fresh, string target, Origin origin, Func<Session?> before, CancellationToken stop)
    {
        switch (finding)
        {
            case Finding.Unavailable not:
                return await DownAsync(realm, interaction, upstream, not.Detail);
            case Finding.Refused refused:
                Note(realm, interaction, null, upstream.Alias, refused.Code, refused.Detail, origin);
                return new UpstreamOutcome.Not(interaction, refused.Code == "access_denied" ? "error.upstream.denied" : "error.upstream.refused", upstream.Title);
            case Finding.Known { Identity: var identity }:
                return await ArriveAsync(realm, interaction, upstream, identity, fresh, target, origin, before(), stop);
            default:
                throw new InvalidOperationException("A finding is one of three.");
        }
    }

    private async Task<UpstreamOutcome> ArriveAsync(Realm realm, Interaction? interaction, Upstream upstream, UpstreamIdentity identity, bool fresh, string target, Origin origin, Session? before, CancellationToken stop)
    {
        // A proof of before was not what the application asked for.
        if (fresh && interaction is not null && identity.AuthenticatedAt is { } at && at < interaction.BegunAt - TimeSpan.FromMinutes(1))
        {
            Note(realm, interaction, null, upstream.Alias, "not_fresh", "the provider did not ask anew", origin);
            return new UpstreamOutcome.Not(interaction, "error.upstream.refused", upstream.Title);
        }

        switch (await linking.ResolveAsync(upstream, identity, stop))
        {
            case LinkOutcome.Is { User: { Enabled: true } user, Made: var made }:
                if (made) audit.Note(new AuditEvent { Realm = realm.Name, Type = "REGISTER", User = user.Id, Address = origin.Address, Details = new Dictionary<string, string> { ["username"] = user.Username, ["upstream"] = upstream.Alias } });
                var proof = new Proof(upstream.Kind, identity.Methods.IsEmpty ? ["fed"] : identity.Methods, upstream.Alias, identity.SessionId)
                {
                    UpstreamHint = upstreams.Open(upstream).Upstream is ISignsOut { SignsOut: true } && identity.SignOutHint is { Length: <= 8192 } hint ? hint : null, Until = identity.SessionUntil,
                };
                return new UpstreamOutcome.In(user, await arrival.StartAsync(realm, interaction, user, proof, users, origin, before, stop), interaction, target);
            case LinkOutcome.NeedsProof { Existing: var existing }:
                interaction ??= await interactions.BeginAsync(new Interaction { Id = "", Realm = realm.Name, ResumePath = target }, realm.InteractionLife, origin, stop);
                var pending = interaction with { Pending = new PendingLink(upstream.Alias, identity with { SignOutHint = null }, origin.Browser), LoginHint = existing.Username, UpstreamHint = null };
                await interactions.ChangeAsync(pending, stop);
                return new UpstreamOutcome.Prove(pending, existing);
            case LinkOutcome.Is { User: var off }:
                Note(realm, interaction, off.Id, upstream.Alias, "user_disabled", "the user is disabled here", origin);
                return new UpstreamOutcome.Not(interaction, "error.upstream.noaccount", upstream.Title);
            default:
                Note(realm, interaction, null, upstream.Alias, "user_not_found", "no user here, and the provider may not make one", origin);
                return new UpstreamOutcome.Not(interaction, "error.upstream.noaccount", upstream.Title);
        }
    }

    private Task<UpstreamOutcome> DownAsync(Realm realm, Interaction? interaction, Upstream upstream, string detail)
    {
        Note(realm, interaction, null, upstream.Alias, "upstream_unavailable", detail, null);
        return Task.FromResult<UpstreamOutcome>(new UpstreamOutcome.Not(interaction, "error.upstream.down", upstream.Title));
    }

    private string BrowserOf(string nonce) => Convert.ToHexStringLower(sealer.Hash("upstream browser", Encoding.UTF8.GetBytes(nonce)));

    private void Note(Realm realm, Interaction? interaction, string? user, string alias, string error, string detail, Origin? origin) => audit.NoteRefusal(new AuditEvent
    {
        Realm = realm.Name, Type = "IDENTITY_PROVIDER_LOGIN_ERROR", Client = interaction?.ClientId, User = user, Address = origin?.Address, Error = error, Details = new Dictionary<string, string> { ["upstream"] = alias, ["detail"] = detail.Length > 300 ? detail[..300] : detail },
    });
}
