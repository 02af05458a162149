using Gatehouse.Terms;
using Gatehouse.Tokens;

namespace Gatehouse.Credentials.Kinds;

/// <summary>Access tokens of our own realms: verified from memory.</summary>
public sealed class OwnJwt(Verify verify) : ICredentialVerifier
{
    /// <inheritdoc/>
    public ValueTask<Verdict> VerifyAsync(Credential credential, CancellationToken stop)
    {
        var refused = verify.Check(credential.Value.Reveal(), null, out var principal);
        return ValueTask.FromResult<Verdict>(refused is null ? new Verdict.Accepted(principal!) : new Verdict.Rejected(refused));
    }

    /// <inheritdoc/>
    public bool StillStands(Principal principal) => !verify.IsRevoked(principal);
}
