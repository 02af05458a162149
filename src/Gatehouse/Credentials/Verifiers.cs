namespace Gatehouse.Credentials;

/// <summary>Verifies what <see cref="Finder"/> found, each kind by its own verifier in Kinds/.</summary>
public sealed class Verifiers
{
    /// <summary>Our own access token at an endpoint of ours (userinfo, admin API): realm must match, audience is not asked.</summary>
    public ValueTask<Verdict> VerifyOwnAsync(Credential credential, string realm, CancellationToken stop) => throw new NotImplementedException();
}
