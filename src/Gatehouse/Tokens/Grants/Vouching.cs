using System.Collections.Immutable;
using Gatehouse.Audit;
using Gatehouse.Federation;
using Gatehouse.People;
using Gatehouse.Sessions;
using Gatehouse.Storage;
using Gatehouse.Terms;
using Gatehouse.Wire.OAuth;

namespace Gatehouse.Tokens.Grants;

/// <summary>A proof that an upstream accepts becomes a session of the user behind it, and an authorization: the one road of every grant that trades something for a token.</summary>
public sealed class Vouching(Upstreams upstreams, Linking linking, SessionStore sessions, Database database, Issuers issuers, AuditLog audit, TimeProvider time)
{
    /// <summary>Judges a proof by the upstreams that take its kind; <paramref name="alias"/> names one of them. With <paramref name="rules"/> the session is one that is renewed, as a person's is.</summary>
    public async Task<GrantResult> AuthorizeAsync(GrantRequest request, string grant, string type, string? proof, string? alias, ImmutableArray<string> audience, bool withRefresh, CancellationToken stop, EntryRules? rules = null)
    {
        if (string.IsNullOrEmpty(proof)) return Refuse(OAuthError.InvalidRequest("The proof is missing: 'subject_token', or 'assertion'."));
        var (scopes, error) = ScopeChoice.Of(request.Client, request.Parameters["scope"]);
        if (error is not null) return Refuse(error);

        // What outlives the session would outlive the provider's word too.
        if (scopes.Contains("offline_access")) return Refuse(OAuthError.InvalidScope("What is traded for a proof ends with its session: 'offline_access' is not offered."));
        var takers = upstreams.Of(request.Realm.Name).Where(one => one.Enabled && (alias is null || one.Alias == alias) && upstreams.Open(one).Upstream is IAcceptsProof accepts && accepts.ProofTypes.Contains(type)).ToList();
        if (takers.Count == 0) return Refuse(OAuthError.InvalidRequest(alias is null ? $"No provider of this realm takes '{Shown(type)}'." : "The provider that 'subject_issuer' names does not take such a proof."), "no_provider");
        var (last, answer) = (default(Finding), default(string));
        foreach (var upstream in takers)
        {
            var live = upstreams.Open(upstream);
            (var finding, answer) = !live.Breaker.Allows() ? (new Finding.Unavailable(live.Breaker.Last ?? "it is left alone for a moment"), null) : await JudgeAsync(live.Upstream, type, new Secret(proof), TargetOf(request, type), stop);
            live.Breaker.Note(finding);
            if (finding is Finding.Known { Identity: var identity })
            {
                var result = await ArriveAsync(request, grant, upstream, identity, scopes, audience, withRefresh, rules, stop);
                return result is GrantResult.Granted granted ? granted with { Answer = answer } : result;
            }

            // Each issuer's proof is its own provider's to judge.
            if (last is null or Finding.Refused { Code: "wrong_issuer" or "not_offered" or "wrong_service" or "wrong_realm" }) last = finding;

            // A code is shown to the one provider that is configured for its address, never to a second (mix-up, RFC 9700, 4.4).
            if (type == ProofType.Code && finding is not Finding.Refused { Code: "not_offered" }) break;
        }

        if (last is Finding.Unavailable not) return Refuse(new OAuthError("temporarily_unavailable", $"The provider cannot be asked now: {not.Detail}", 503), "unavailable");
        var refused = (Finding.Refused)last!;
        return Refuse(OAuthError.InvalidGrant($"The proof is refused: {refused.Code}."), refused.Code);
    }

    private static async Task<(Finding Finding, string? Answer)> JudgeAsync(IUpstream upstream, string type, Secret proof, string? target, CancellationToken stop)
        => type == ProofType.Kerberos && upstream is IAsksForTickets asks ? await asks.JudgeAsync(proof, stop) : (await ((IAcceptsProof)upstream).AcceptAsync(type, proof, target, Trace.None, stop), null);

    private async Task<GrantResult> ArriveAsync(GrantRequest request, string grant, Upstream upstream, UpstreamIdentity identity, ImmutableArray<string> scopes, ImmutableArray<string> audience, bool withRefresh, EntryRules? rules, CancellationToken stop)
    {
        switch (await linking.ResolveAsync(upstream, identity, stop))
        {
            case LinkOutcome.Is { User: { Enabled: true } user, Made: var made }:
                if (made) audit.Note(new AuditEvent { Realm = request.Realm.Name, Type = "REGISTER", User = user.Id, Address = request.Address, Details = new Dictionary<string, string> { ["username"] = user.Username, ["upstream"] = upstream.Alias } });
                if (rules is not null && await rules.BarAsync(user, stop) is { } barred) return Refuse(OAuthError.InvalidGrant($"The user may not sign in here: {barred}."), barred);
                var session = await StartAsync(request, upstream, identity, user, withRefresh, rules, stop);
                return new GrantResult.Granted(new Authorization
                {
                    Grant = grant, Realm = request.Realm, Client = request.Client, User = user.Id, Session = session, Scopes = scopes, Audience = audience, AuthenticatedAt = session.AuthenticatedAt, Level = session.Level, WithRefresh = withRefresh, Address = request.Address,
                });
            case LinkOutcome.NeedsProof:
                return Refuse(OAuthError.InvalidGrant("A user of this name exists already and is not linked to the provider. They sign in by browser once, with that user's own password, and are linked then."), "not_linked");
            case LinkOutcome.Is:
                return Refuse(OAuthError.InvalidGrant("The user is disabled."), "user_disabled");
            default:
                return Refuse(OAuthError.InvalidGrant("No user here, and the provider may not make one."), "user_not_found");
        }
    }

    // Without a refresh token nothing of the session is needed once the access token is over.
    private async Task<Session> StartAsync(GrantRequest request, Upstream upstream, UpstreamIdentity identity, User user, bool withRefresh, EntryRules? rules, CancellationToken stop)
    {
        var (realm, now) = (request.Realm, time.GetUtcNow());
        var goesOn = withRefresh || rules is not null;
        var idle = rules?.Idle(user, realm.SessionIdle) ?? realm.SessionIdle;
        var end = now + (goesOn ? realm.SessionMax : request.Client.AccessTokenLife ?? realm.AccessTokenLife);
        if (identity.SessionUntil is { } until && until < end) end = until;
        var session = new Session
        {
            Id = Guid.NewGuid().ToString(), Realm = realm.Name, User = user.Id, Methods = identity.Methods.IsEmpty ? ["fed"] : identity.Methods, Upstream = upstream.Alias, UpstreamSession = identity.SessionId, AuthenticatedAt = identity.AuthenticatedAt is { } at && at < now ? at : now,
            StartedAt = now, LastUsedAt = now, EndsAt = end, IdleEndsAt = goesOn && now + idle < end ? now + idle : end, Address = request.Address,
        };
        await database.WriteAsync(async work =>
        {
            // Nobody is given the cookie: this session is the client's, not a browser's.
            await sessions.StartAsync(work, session);
            await audit.WriteAsync(work, new AuditEvent
            {
                Realm = realm.Name, Type = "LOGIN", Client = request.Client.ClientId, User = user.Id, Session = session.Id, Address = request.Address, Details = new Dictionary<string, string> { ["username"] = user.Username, ["method"] = upstream.Kind, ["upstream"] = upstream.Alias },
            });
            return true;
        }, stop);
        return session;
    }

    // CAS: the service that the ticket is for. Assertions name us, or our token endpoint (RFC 7522, 3; RFC 7523, 3).
    private string? TargetOf(GrantRequest request, string type) => type is ProofType.CasTicket or ProofType.Finesse ? request.Parameters["service"] : type == ProofType.Code ? request.Parameters["redirect_uri"] : issuers.Of(request.Realm.Name) + "/protocol/openid-connect/token";

    private static string Shown(string type) => type.Length <= 80 && type.All(c => c is > ' ' and < '\x7f' and not '"' and not '\\') ? type : "?";

    private static GrantResult.Refused Refuse(OAuthError error, string? code = null) => new(error, code);
}
