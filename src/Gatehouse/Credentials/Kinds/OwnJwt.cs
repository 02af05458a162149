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

    /// <summary>Whether a token names one of our realms as its issuer, genuine or not: such a token is never shown to another issuer.</summary>
    public bool IsOurs(Credential credential) => verify.IsOurs(credential.Value.Reveal());

    /// <summary>The same of a text that was found somewhere.</summary>
    public bool IsOurs(string text) => verify.IsOurs(text);

    /// <inheritdoc/>
    public bool StillStands(Principal principal) => !verify.IsRevoked(principal);

    /// <inheritdoc/>
    public ValueTask<bool> LivesAsync(Principal principal, Credential credential, CancellationToken stop) => ValueTask.FromResult(StillStands(principal));
}
