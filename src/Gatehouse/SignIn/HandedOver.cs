using Gatehouse.Audit;
using Gatehouse.Clients;
using Gatehouse.People;
using Gatehouse.Sessions;
using Gatehouse.Terms;
using Gatehouse.Tokens;
using Gatehouse.Tokens.Grants;

namespace Gatehouse.SignIn;

/// <summary>Takes what was handed over (<see cref="HandOvers"/>) as the proof of a user: by the client that handed it over, and never for somebody who administers.</summary>
public sealed class HandedOver(HandOvers handOvers, Users users, RightsCache rights, PasswordPlace place, Passwords passwords, Guard guard, Arrival arrival, SessionStore sessions, AuditLog audit)
{
    /// <summary>How it ended; null when this decides nothing, and the posted password is to be looked at as any other.</summary>
    public async Task<DirectOutcome?> TryAsync(Realm realm, Client client, EntryRules rules, string username, Secret password, Origin origin, CancellationToken stop)
    {
        var name = Names.Fold(username);
        if (name.Length is 0 or > Names.Longest || password.Reveal().Length > Passwords.Longest) return null;
        if (guard.Wait(realm.Name, name, origin.Network, origin.Device) is { Ticks: > 0 } wait)
        {
            Note(realm, client, null, name, origin, "throttled");
            return new DirectOutcome.Wait(wait);
        }

        var user = await users.FindByNameAsync(realm.Name, name, stop);
        if (user is { Enabled: true } && !await AdministersAsync(realm.Name, user.Id, stop) && await handOvers.IsAsync(realm.Name, user.Id, client.ClientId, password, stop))
        {
            if (await rules.BarAsync(user, stop) is { } barred)
            {
                Note(realm, client, user, name, origin, barred);
                return new DirectOutcome.Barred(barred);
            }

            // Used up by who comes in and by nobody else: without the second factor's code it would be gone before its own client asks. Of several at once, as many come in as it has uses.
            if (!await handOvers.TakeAsync(realm.Name, user.Id, client.ClientId, password, stop))
            {
                Note(realm, client, user, name, origin, "handover_used");
                return new DirectOutcome.Refused("invalid_user_credentials");
            }

            guard.Succeeded(realm.Name, name, origin.Network, origin.Device);
            var cookie = await arrival.StartAsync(realm, null, user, new Proof("handover", ["fed"]), users, origin with { Rules = rules }, null, stop);
            // Nobody is given the cookie: the session is the client's, not a browser's.
            return await sessions.FindByCookieAsync(realm.Name, cookie, stop) is not { } session ? new DirectOutcome.Unavailable() : new DirectOutcome.In(user, new Authorization
            {
                Grant = GrantNames.Password, Realm = realm, Client = client, User = user.Id, Session = session, Scopes = client.DefaultScopes, AuthenticatedAt = session.AuthenticatedAt, Level = session.Level, Address = origin.Address,
            });
        }

        // The vendor's library always tries first, and hands over after that. Where nothing could have been right, nobody guessed: counted, these tries would shut a whole site out at the start of a shift.
        if (user is not null && (await users.PasswordAsync(realm.Name, user.Id, stop) is not null || await place.FindAsync(user, stop) is not null || await handOvers.AnyAsync(realm.Name, user.Id, client.ClientId, stop))) return null;
        try
        {
            await passwords.CheckAsync(null, password.Reveal(), stop);
        }
        catch (PasswordsBusy)
        {
            return new DirectOutcome.Unavailable();
        }

        Note(realm, client, user, name, origin, user is null ? "user_not_found" : "no_password");
        return new DirectOutcome.Refused("invalid_user_credentials");
    }

    private void Note(Realm realm, Client client, User? user, string name, Origin origin, string error) => audit.NoteRefusal(new AuditEvent
    {
        Realm = realm.Name, Type = "LOGIN_ERROR", Client = client.ClientId, User = user?.Id, Address = origin.Address, Error = error, Details = new Dictionary<string, string> { ["username"] = name.Length > 64 ? name[..64] : name },
    });

    /// <summary>Whether somebody holds an administrative right: nothing is handed over for them.</summary>
    public async Task<bool> AdministersAsync(string realm, string user, CancellationToken stop)
        => (await rights.OfAsync(realm, RoleHolder.User, user, stop)).Roles.Any(role => role.StartsWith("realm-management/", StringComparison.Ordinal));
}
