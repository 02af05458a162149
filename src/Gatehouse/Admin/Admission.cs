using Gatehouse.Credentials;
using Gatehouse.People;
using Gatehouse.Terms;
using Gatehouse.Wire.Jose;
using Gatehouse.Wire.Text;

namespace Gatehouse.Admin;

/// <summary>Who is at the admin door: a bearer token of the very realm, and what its principal may do now.</summary>
internal sealed class Admission(Verifiers verifiers, RightsCache rights)
{
    private const string Prefix = Right.Client + "/";

    /// <summary>The principal, or the reason of refusal.</summary>
    public async ValueTask<(Principal? Principal, Reason? Reason)> AdmitAsync(HttpContext context, string realm)
    {
        switch (Finder.Find(context.Request.Headers, null, context.Request.IsHttps))
        {
            case Found.One { Credential: { Kind: CredentialKind.Bearer } credential }:
                return await verifiers.VerifyOwnAsync(credential, realm, context.RequestAborted) switch
                {
                    Verdict.Accepted accepted when accepted.Principal.Realm == realm => (accepted.Principal, null),
                    Verdict.Accepted => (null, Reasons.TokenIssuer),
                    Verdict.Rejected rejected => (null, rejected.Reason),
                    Verdict.Unavailable unavailable => (null, unavailable.Reason),
                    _ => (null, Reasons.Internal),
                };
            case Found.Conflict conflict:
                return (null, conflict.Reason);
            case Found.One:
                return (null, Reasons.CredentialKind);
            default:
                return (null, Reasons.CredentialMissing);
        }
    }

    /// <summary>The realm that a token claims to be of, unbelieved: for addresses that name no realm. Null when there is no readable token.</summary>
    public static string? ClaimedRealm(HttpContext context, Func<string, string?> realmOf)
        => Finder.Find(context.Request.Headers, null, context.Request.IsHttps) is Found.One { Credential: { Kind: CredentialKind.Bearer } credential }
            && Jws.TryParse(credential.Value.Reveal(), Limits.Default, out var jws, out _) && JwtClaims.TryParse(jws.Payload, Limits.Default, out var claims, out _) && claims.Issuer is { } issuer
            ? realmOf(issuer)
            : null;

    /// <summary>Rights by name: roles of realm-management that the principal holds.</summary>
    public async ValueTask<IReadOnlySet<string>> RightsOfAsync(Principal principal, CancellationToken stop)
        => (await HeldAsync(principal, stop)).Where(key => key.StartsWith(Prefix, StringComparison.Ordinal)).Select(key => key[Prefix.Length..]).ToHashSet();

    /// <summary>
    /// Roles that are in the token and also held at this moment. The token alone would keep a right alive that was taken away; the store alone would give a narrow token more than its client may have.
    /// </summary>
    public async ValueTask<IReadOnlySet<string>> HeldAsync(Principal principal, CancellationToken stop)
    {
        var held = principal.Kind switch
        {
            PrincipalKind.User => await rights.OfAsync(principal.Realm, RoleHolder.User, principal.Subject, stop),
            PrincipalKind.Service when principal.Client is { } client => await rights.OfAsync(principal.Realm, RoleHolder.ServiceAccount, client, stop),
            _ => null,
        };
        return held is null ? new HashSet<string>() : held.Roles.Where(principal.Roles.Contains).ToHashSet();
    }
}
