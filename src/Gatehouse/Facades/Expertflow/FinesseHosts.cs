using Gatehouse.Audit;
using Gatehouse.Clients;
using Gatehouse.Federation;
using Gatehouse.People;
using Gatehouse.SignIn;
using Gatehouse.Terms;
using Gatehouse.Tokens;
using Gatehouse.Tokens.Grants;

namespace Gatehouse.Facades.Expertflow;

/// <summary>A Finesse that may be named in a sign-in.</summary>
/// <param name="Provider">Alias of the realm's provider; null when it is ourselves.</param>
internal sealed record FinesseHost(string? Provider);

/// <summary>The Finesses of the realm: its providers of the kind <c>finesse</c>, and ourselves. An address that a client posts is compared with theirs and never asked: it would be the client's choice where passwords, tokens and our requests go.</summary>
internal sealed class FinesseHosts(Upstreams upstreams, Issuers issuers, Direct direct, Verify verify, UserCache users, AuditLog audit)
{
    private const string LoginId = "finesse.loginId";

    /// <summary>The configured one with that address; null when there is none.</summary>
    public FinesseHost? Find(Realm realm, string posted)
    {
        if (OriginOf(posted) is not { } asked) return null;
        if (upstreams.Of(realm.Name).FirstOrDefault(one => one is { Kind: "finesse", Enabled: true } && OriginOf(one["url"]) == asked) is { } found) return new FinesseHost(found.Alias);
        return OriginOf(issuers.PublicUrl) == asked ? new FinesseHost((string?)null) : null;
    }

    /// <summary>Notes a sign-in that named another.</summary>
    public void Refuse(Realm realm, string username, EntryRules rules, Origin origin) => audit.Note(new AuditEvent
    {
        Realm = realm.Name, Type = "LOGIN_ERROR", Client = rules.Client, Address = origin.Address, Error = "finesse_not_configured", Details = new Dictionary<string, string> { ["username"] = username.Length > 64 ? username[..64] : username },
    });

    /// <summary>Trades the token of a desktop that signed in by SSO: one of ours by our own rules, another's by showing it to that Finesse.</summary>
    public async Task<DirectOutcome> TokenAsync(Realm realm, Client client, EntryRules rules, FinesseHost host, string username, Secret token, Origin origin, CancellationToken stop)
    {
        if (host.Provider is { } provider && !verify.IsOurs(token.Reveal())) return await direct.ProofAsync(realm, client, rules, [ProofType.Finesse], token, username, origin, stop, provider);

        // Ours, or meant to be: whose it is is asked before anything is made of it.
        if (verify.Check(token.Reveal(), null, out var principal) is null && (await users.FindAsync(realm.Name, principal!.Subject, stop) is not { } user || !IsNamed(user, username)))
        {
            audit.Note(new AuditEvent { Realm = realm.Name, Type = "LOGIN_ERROR", Client = rules.Client, User = principal.Subject, Address = origin.Address, Error = "wrong_user" });
            return new DirectOutcome.Refused("wrong_user");
        }

        // What was made here is renewed by its refresh token. By itself it would become one: for every service that an agent's token is sent to, and wide again if it was cut.
        if (principal?.Client == client.ClientId)
        {
            audit.Note(new AuditEvent { Realm = realm.Name, Type = "LOGIN_ERROR", Client = rules.Client, User = principal.Subject, Address = origin.Address, Error = "own_token" });
            return new DirectOutcome.Refused("own_token");
        }

        return await direct.TradeAsync(realm, client, rules, token, origin, stop);
    }

    /// <summary>The vendor's words for a token that does not count.</summary>
    public static Fault Words(string code) => code switch
    {
        "not_linked" => new Fault(403, Vendor.LoginFailed, "A user of this name exists already and is not linked to this Finesse. They sign in by the page of the realm once, and are linked then.") { Code = code },
        "user_not_found" => new Fault(403, Vendor.LoginFailed, "This agent has no account here, and none may be made.") { Code = code },
        "opaque_token" => new Fault(401, Vendor.LoginFailed, "The Finesse token cannot be read here. The operator can let such tokens count (the provider's setting opaqueTokens).") { Code = code },
        _ => new Fault(401, Vendor.LoginFailed, "The Finesse token does not count, or is another user's. Sign in at the desktop again.") { Code = "finesse_token_refused" },
    };

    private static bool IsNamed(User user, string username)
        => Names.Fold(username) == user.Username || (user.Attributes.GetValueOrDefault(LoginId, []) is [var id, ..] && string.Equals(id, username, StringComparison.OrdinalIgnoreCase));

    // One form, so that case, a default port or a slash at the end make no other; anything beyond an origin is none.
    private static string? OriginOf(string? address)
        => Uri.TryCreate(address, UriKind.Absolute, out var url) && (url.Scheme is "http" or "https") && url.PathAndQuery == "/" && url.Fragment.Length == 0 && url.UserInfo.Length == 0 ? url.GetLeftPart(UriPartial.Authority).ToLowerInvariant() : null;
}
