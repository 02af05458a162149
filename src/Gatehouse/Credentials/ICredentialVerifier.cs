namespace Gatehouse.Credentials;

/// <summary>Verifies one kind of credential. Says no only to what it is responsible for; a technical failure is <see cref="Verdict.Unavailable"/>.</summary>
public interface ICredentialVerifier
{
    /// <summary>Verifies a credential.</summary>
    ValueTask<Verdict> VerifyAsync(Credential credential, CancellationToken stop);

    /// <summary>Whether a principal that this verifier accepted before still stands; memory only, called on every request.</summary>
    bool StillStands(Terms.Principal principal);

    /// <summary>Whether the credential behind a connection that stays open still stands; asked now and then, may do I/O. A technical failure is no end. It counts as no use of a session.</summary>
    ValueTask<bool> LivesAsync(Terms.Principal principal, Credential credential, CancellationToken stop);
}
