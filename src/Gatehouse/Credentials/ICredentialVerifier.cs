namespace Gatehouse.Credentials;

/// <summary>Verifies one kind of credential. Says no only to what it is responsible for; a technical failure is <see cref="Verdict.Unavailable"/>.</summary>
public interface ICredentialVerifier
{
    /// <summary>Verifies a credential.</summary>
    ValueTask<Verdict> VerifyAsync(Credential credential, CancellationToken stop);

    /// <summary>Whether a principal that this verifier accepted before still stands; memory only, called on every request.</summary>
    bool StillStands(Terms.Principal principal);
}
