using Gatehouse.Terms;

namespace Gatehouse.Tokens;

/// <summary>Short-lived JWTs that tell an upstream who is asking, for its own audience only. Kept per principal and audience while they are fresh.</summary>
public sealed class UpstreamTokens
{
    /// <summary>A JWT signed by the principal's realm: <c>typ: at+jwt</c>, <c>aud</c> = <paramref name="audience"/>, roles, groups, <c>azp</c>, <c>sid</c>, life of at most 60 seconds.</summary>
    public ValueTask<string> MintAsync(Principal principal, string audience, CancellationToken stop) => throw new NotImplementedException();
}
