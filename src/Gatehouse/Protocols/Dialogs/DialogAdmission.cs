using Gatehouse.Credentials;
using Gatehouse.Credentials.Kinds;
using Gatehouse.People;
using Gatehouse.Terms;

namespace Gatehouse.Protocols.Dialogs;

/// <summary>Who is at the dialogs' door: a bearer token of the very realm with the right, held at this moment; or a dialog's own token, for itself alone.</summary>
internal sealed class DialogAdmission(Verifiers verifiers, DialogBearer dialogs, Realms realms, RightsCache rights)
{
    /// <summary>Right to open, extend, end and freeze.</summary>
    public const string Manage = "realm-management/manage-dialogs";

    /// <summary>Right to look.</summary>
    public const string View = "realm-management/view-dialogs";

    /// <summary>Who it is. Throws <see cref="DialogRefusal"/> for nobody.</summary>
    public async Task<Principal> AdmitAsync(HttpContext context, string realm, CancellationToken stop)
    {
        switch (Finder.Find(context.Request.Headers, null, context.Request.IsHttps))
        {
            case Found.One { Credential: { Kind: CredentialKind.Dialog } credential }:
                // Keys are made for realms that exist, not for every name that a stranger thinks of.
                if (realms.Find(realm) is null) throw new DialogRefusal(Reasons.TokenMalformed);
                return dialogs.Check(realm, credential, out var bot) is { } refused ? throw new DialogRefusal(refused) : bot!;
            case Found.One { Credential: { Kind: CredentialKind.Bearer } credential }:
                return await verifiers.VerifyOwnAsync(credential, realm, stop) switch
                {
                    Verdict.Accepted accepted => accepted.Principal,
                    Verdict.Rejected rejected => throw new DialogRefusal(rejected.Reason),
                    _ => throw new DialogRefusal(Reasons.VerifierUnavailable),
                };
            case Found.Conflict conflict:
                throw new DialogRefusal(conflict.Reason);
            case Found.One:
                throw new DialogRefusal(Reasons.CredentialKind);
            default:
                throw new DialogRefusal(Reasons.CredentialMissing);
        }
    }

    /// <summary>Insists on a right: in the token, and still held.</summary>
    public async Task NeedAsync(Principal principal, CancellationToken stop, params string[] anyOf)
    {
        var held = principal switch
        {
            { Kind: PrincipalKind.User } => await rights.OfAsync(principal.Realm, RoleHolder.User, principal.Subject, stop),
            { Kind: PrincipalKind.Service, Client: { } client } => await rights.OfAsync(principal.Realm, RoleHolder.ServiceAccount, client, stop),
            _ => null,
        };
        if (held is null || !anyOf.Any(role => principal.Roles.Contains(role) && held.Roles.Contains(role))) throw new DialogRefusal(Reasons.AdminDenied, $"Needs {string.Join(" or ", anyOf)}.");
    }
}

/// <summary>A refusal on its way to the answer.</summary>
internal sealed class DialogRefusal(Reason reason, string? detail = null) : Exception(detail ?? reason.Title)
{
    public Reason Reason { get; } = reason;

    public string? Detail { get; } = detail;
}
