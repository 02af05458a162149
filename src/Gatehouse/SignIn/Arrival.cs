using Gatehouse.Audit;
using Gatehouse.People;
using Gatehouse.Sessions;
using Gatehouse.Storage;
using Gatehouse.Terms;
using Gatehouse.Tokens.Grants;

namespace Gatehouse.SignIn;

/// <summary>Where a request came from, as sign-in needs it.</summary>
/// <param name="Address">Client address, for the audit log.</param>
/// <param name="Network">Its network, for throttling.</param>
/// <param name="Device">Known device mark of this browser; null when unknown.</param>
/// <param name="Agent">User agent.</param>
/// <param name="Browser">Keyed hash of the browser's own nonce: what one browser began, no other goes on with.</param>
public sealed record Origin(string? Address, string Network, string? Device, string? Agent, string? Browser = null)
{
    /// <summary>Where a request came from that has no mark of a browser.</summary>
    public static Origin Of(HttpContext context) => new(context.Connection.RemoteIpAddress?.ToString(), Guard.NetworkOf(context.Connection.RemoteIpAddress), null, context.Request.Headers.UserAgent.ToString());

    /// <summary>Rules of the facade that took the sign-in by itself; null for a page of ours.</summary>
    public EntryRules? Rules { get; init; }

    /// <summary>Which door was shown a password without a sign-in; null at a sign-in. Its hashes wait behind those of who signs in.</summary>
    public string? Door { get; init; }

    /// <summary>Keyed hash of name and password, which tells a repeated wrong one from another; null where each counts.</summary>
    public ulong? Mark { get; init; }
}

/// <summary>How a person proved who they are.</summary>
/// <param name="Method">For the audit log: <c>password</c>, or the kind of the upstream.</param>
/// <param name="Methods">For <c>amr</c> (RFC 8176).</param>
/// <param name="Upstream">Alias of the upstream; null for a password of ours.</param>
/// <param name="UpstreamSession">The session there.</param>
/// <param name="NewPasswordHash">A hash to store with the session, made at today's cost.</param>
public sealed record Proof(string Method, IReadOnlyList<string> Methods, string? Upstream = null, string? UpstreamSession = null, string? NewPasswordHash = null)
{
    /// <summary>The hash that the new one stands for; null where the user had none here.</summary>
    public string? OldPasswordHash { get; init; }

    /// <summary>What the upstream wants to see when the person signs out there too.</summary>
    public string? UpstreamHint { get; init; }

    /// <summary>The only roles that the session has; null for all that the user holds.</summary>
    public IReadOnlyList<string>? OnlyRoles { get; init; }

    /// <summary>When a session that rests on it must end; null for no limit of its own.</summary>
    public DateTimeOffset? Until { get; init; }

    /// <summary>A password of ours.</summary>
    public static Proof Password(string? oldHash, string? newHash) => new("password", ["pwd"], NewPasswordHash: newHash) { OldPasswordHash = oldHash };
}

/// <summary>A proven person becomes a session: one transaction holds the session, the finished interaction and the audit event. The cookie's value is always new (session fixation).</summary>
public sealed class Arrival(Database database, SessionStore sessions, Interactions interactions, AuditLog audit, TimeProvider time)
{
    /// <summary>Starts a session and finishes the interaction; returns the cookie's value.</summary>
    public Task<string> StartAsync(Realm realm, Interaction? interaction, User user, Proof proof, Users users, Origin origin, Session? before, CancellationToken stop)
    {
        var now = time.GetUtcNow();
        // The same person proves it again (prompt=login): the session goes on, with a new cookie. Another person: the old session ends.
        var idle = origin.Rules?.Idle(user, realm.SessionIdle) ?? realm.SessionIdle;
        var again = before is not null && before.User == user.Id;
        var end = proof.Until is { } until && until < now + realm.SessionMax ? until : now + realm.SessionMax;
        var session = again
            ? before! with { Methods = proof.Methods, Level = LevelOf(proof), OnlyRoles = proof.OnlyRoles, Upstream = proof.Upstream, UpstreamSession = proof.UpstreamSession, UpstreamHint = proof.UpstreamHint, AuthenticatedAt = now, LastUsedAt = now, IdleEndsAt = now + idle, EndsAt = end < before!.EndsAt ? end : before.EndsAt }
            : new Session
            {
                Id = Guid.NewGuid().ToString(), Realm = realm.Name, User = user.Id, Methods = proof.Methods, Level = LevelOf(proof), OnlyRoles = proof.OnlyRoles, Upstream = proof.Upstream, UpstreamSession = proof.UpstreamSession, UpstreamHint = proof.UpstreamHint, AuthenticatedAt = now, StartedAt = now, LastUsedAt = now,
                EndsAt = end, IdleEndsAt = now + idle, Address = origin.Address, Agent = origin.Agent is { Length: > 200 } longer ? longer[..200] : origin.Agent,
            };
        return database.WriteAsync(async work =>
        {
            if (before is not null && !again) await sessions.EndAsync(work, realm.Name, before.Id);
            var cookie = again ? await sessions.RenewAsync(work, session) : await sessions.StartAsync(work, session);
            if (interaction is not null) await interactions.FinishAsync(work, interaction, session.Id);
            if (proof.NewPasswordHash is { } hash) await users.RenewPasswordHashAsync(work, realm.Name, user.Id, proof.OldPasswordHash, hash);
            await audit.WriteAsync(work, new AuditEvent
            {
                Realm = realm.Name, Type = "LOGIN", Client = interaction?.ClientId ?? origin.Rules?.Client, User = user.Id, Session = session.Id, Address = origin.Address,
                Details = new Dictionary<string, string> { ["username"] = user.Username, ["method"] = proof.Method, ["upstream"] = proof.Upstream ?? "" },
            });
            return cookie;
        }, stop);
    }

    // Less than a sign-in (OpenID Connect Core, 2: acr "0" is no level of ISO/IEC 29115).
    private static string LevelOf(Proof proof) => proof.OnlyRoles is null ? "1" : "0";
}
