using Gatehouse.Credentials.Kinds;
using Gatehouse.Terms;

namespace Gatehouse.Credentials;

/// <summary>Verifies what <see cref="Finder"/> found at endpoints of ours (userinfo, admin API).</summary>
public sealed class Verifiers(OwnJwt own)
{
    /// <summary>Our own access token: the realm must match, the audience is not asked.</summary>
    public async ValueTask<Verdict> VerifyOwnAsync(Credential credential, string realm, CancellationToken stop)
    {
        if (credential.Kind != CredentialKind.Bearer) return new Verdict.Rejected(Reasons.CredentialKind);
        var verdict = await own.VerifyAsync(credential, stop);
        // At our own doors a gadget is nobody: its token is for its back ends alone.
        if (verdict is Verdict.Accepted { Principal.Gadget: not null }) return new Verdict.Rejected(Reasons.TokenGadget);
        return verdict is Verdict.Accepted { Principal.Realm: var actual } && actual != realm ? new Verdict.Rejected(Reasons.TokenIssuer) : verdict;
    }
}
