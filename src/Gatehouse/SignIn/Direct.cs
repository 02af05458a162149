using System.Collections.Immutable;
using Gatehouse.Audit;
using Gatehouse.Clients;
using Gatehouse.Federation;
using Gatehouse.People;
using Gatehouse.Sessions;
using Gatehouse.SignIn.Steps;
using Gatehouse.Terms;
using Gatehouse.Tokens;
using Gatehouse.Tokens.Grants;
using Gatehouse.Wire.OAuth;

namespace Gatehouse.SignIn;

/// <summary>How a sign-in ended that a facade took by itself.</summary>
public abstract record DirectOutcome
{
    private DirectOutcome()
    {
    }

    /// <summary>The person is in.</summary>
    /// <param name="User">Who it is.</param>
    /// <param name="Authorization">What the mint makes a token of.</param>
    /// <param name="Answer">What proves us to whoever showed a ticket; null when there is none.</param>
    public sealed record In(User User, Authorization Authorization, string? Answer = null) : DirectOutcome;

    /// <summary>No, and the audit log has it.</summary>
    /// <param name="Code">Stable code: <c>invalid_user_credentials</c> for every wrong name and password, the code of the proof's fault, a reason code of ours for a token.</param>
    public sealed record Refused(string Code) : DirectOutcome;

    /// <summary>Proven, and kept out by the facade's own rule.</summary>
    /// <param name="Code">The rule's code.</param>
    public sealed record Barred(string Code) : DirectOutcome;

    /// <summary>This guesser must wait.</summary>
    public sealed record Wait(TimeSpan For) : DirectOutcome;

    /// <summary>Nothing was decided: too much waits, or who would know cannot be asked.</summary>
    public sealed record Unavailable : DirectOutcome;
}

/// <summary>Sign-ins that come without a page of ours: a facade was posted name and password, shown another's proof, or a token to renew. Throttled, audited and bound to a session like any other; it makes no token.</summary>
public sealed class Direct(PasswordStep passwords, Vouching vouching, ExchangeGrant exchange, SessionStore sessions, UserCache users, AuditLog audit)
{
    /// <summary>Name and password.</summary>
    public async Task<DirectOutcome> PasswordAsync(Realm realm, Client client, EntryRules rules, string username, Secret password, Origin origin, CancellationToken stop)
    {
        switch (await passwords.TryAsync(realm, null, username, password.Reveal(), origin with { Rules = rules }, null, stop))
        {
            case PasswordOutcome.In arrived when await sessions.FindByCookieAsync(realm.Name, arrived.Cookie, stop) is { } session:
                // Nobody is given the cookie: the session is the facade's client's, not a browser's.
                return new DirectOutcome.In(arrived.User, new Authorization
                {
                    Grant = "password", Realm = realm, Client = client with { AccessTokenLife = rules.Life(arrived.User) }, User = arrived.User.Id, Session = session, Scopes = client.DefaultScopes, AuthenticatedAt = session.AuthenticatedAt, Level = session.Level, Door = rules.Door, Address = origin.Address,
                });
            case PasswordOutcome.Barred barred:
                return new DirectOutcome.Barred(barred.Code);
            case PasswordOutcome.Wait wait:
                return new DirectOutcome.Wait(wait.For);
            case PasswordOutcome.Wrong:
                return new DirectOutcome.Refused("invalid_user_credentials");
            default:
                return new DirectOutcome.Unavailable();
        }
    }

    /// <summary>A proof of another's: ticket, foreign token, code. It is tried as each of <paramref name="types"/> until one is the provider's to judge; <paramref name="target"/> is the service of a CAS ticket, the redirect address of a code, the agent of a Finesse's token; <paramref name="provider"/> is the alias of the only provider that is shown it.</summary>
    public async Task<DirectOutcome> ProofAsync(Realm realm, Client client, EntryRules rules, IReadOnlyList<string> types, Secret proof, string? target, Origin origin, CancellationToken stop, string? provider = null)
    {
        var parameters = target is null ? Parameters.None : Parameters.Of([new("service", target), new("redirect_uri", target)]);
        GrantResult? result = null;
        foreach (var type in types)
        {
            var next = await vouching.AuthorizeAsync(new GrantRequest(realm, client, parameters, origin.Address), ExchangeGrant.Name, type, proof.Reveal(), provider, [], withRefresh: false, stop, rules);

            // What nobody was there to judge says less than what somebody judged.
            if (result is null || next is not GrantResult.Refused { Code: "no_provider" }) result = next;
            if (next is not GrantResult.Refused { Code: "no_provider" or "not_offered" or "wrong_issuer" }) break;
        }

        return await OfAsync(realm, client, rules, result!, origin, stop);
    }

    /// <summary>A token that the door of the rules made is traded for the next one of the same session; the rules are asked anew, and the session counts as used.</summary>
    public Task<DirectOutcome> RenewAsync(Realm realm, Client client, EntryRules rules, Secret token, Origin origin, CancellationToken stop)
        => TradeAsync(RequestOf(realm, client, token, origin) with { Door = rules.Door ?? throw new ArgumentException("The rules name no door.", nameof(rules)) }, rules, origin, stop);

    /// <summary>A person's whole token of another client, which names this one as its audience, is traded for one of this client's in the same session; the rules are asked, and the session counts as used.</summary>
    public Task<DirectOutcome> TradeAsync(Realm realm, Client client, EntryRules rules, Secret token, Origin origin, CancellationToken stop) => TradeAsync(RequestOf(realm, client, token, origin), rules, origin, stop);

    private async Task<DirectOutcome> TradeAsync(GrantRequest request, EntryRules rules, Origin origin, CancellationToken stop)
    {
        var (realm, client) = (request.Realm, request.Client);
        var outcome = await OfAsync(realm, client, rules, await exchange.AuthorizeAsync(request, stop), origin, stop);
        if (outcome is not DirectOutcome.In { User: var user, Authorization.Session: { } session }) return outcome;
        if (await rules.BarAsync(user, stop) is { } barred)
        {
            Note(realm, rules, barred, user.Id, origin);
            return new DirectOutcome.Barred(barred);
        }

        sessions.Touch(session, rules.Idle(user, realm.SessionIdle));
        return outcome;
    }

    /// <summary>A person's token of ours is traded for one that is cut to a gadget and its back ends (decision 0014). The session does not count as used: gadgets renew by themselves.</summary>
    public async Task<DirectOutcome> NarrowAsync(Realm realm, Client client, Secret token, GadgetCut cut, ImmutableArray<string> audience, Origin origin, CancellationToken stop)
    {
        var request = RequestOf(realm, client, token, origin) with { Gadget = (cut, audience) };
        return await OfAsync(realm, client, new EntryRules(client.ClientId, [], _ => null, _ => cut.Life), await exchange.AuthorizeAsync(request, stop), origin, stop);
    }

    // A facade asks nobody for the client's secret: what the grant then gives is no more than what was shown.
    private static GrantRequest RequestOf(Realm realm, Client client, Secret token, Origin origin)
        => new(realm, client, Parameters.Of([new("subject_token_type", ProofType.AccessToken), new("subject_token", token.Reveal())]), origin.Address) { Unproven = true };

    private async Task<DirectOutcome> OfAsync(Realm realm, Client client, EntryRules rules, GrantResult result, Origin origin, CancellationToken stop)
    {
        if (result is GrantResult.Granted { Authorization: { User: { } id } authorization } granted && await users.FindAsync(realm.Name, id, stop) is { } user)
            return new DirectOutcome.In(user, authorization with { Client = client with { AccessTokenLife = rules.Life(user) }, WithRefresh = false, Door = authorization.Door ?? rules.Door }, granted.Answer);
        var (error, code) = result is GrantResult.Refused refused ? (refused.Error, refused.Code ?? refused.Error.Code) : (null, "user_not_found");
        Note(realm, rules, code, null, origin);
        return error is { Status: 503 } ? new DirectOutcome.Unavailable() : rules.Codes.Contains(code) ? new DirectOutcome.Barred(code) : new DirectOutcome.Refused(code);
    }

    private void Note(Realm realm, EntryRules rules, string error, string? user, Origin origin)
        => audit.NoteRefusal(new AuditEvent { Realm = realm.Name, Type = "LOGIN_ERROR", Client = rules.Client, User = user, Address = origin.Address, Error = error });
}
