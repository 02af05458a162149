using Gatehouse.Wire.OAuth;
using Xunit;

namespace Gatehouse.Tests.Wire.OAuth;

public sealed class PkceTests
{
    // RFC 7636, appendix B.
    private const string Verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    private const string Challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    [Fact]
    public void The_rfcs_own_example_matches() => Assert.True(Pkce.IsChallenge(Challenge) && Pkce.Matches(Verifier, Challenge));

    [Theory]
    [InlineData(Challenge)]
    [InlineData("")]
    [InlineData("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjX")]
    [InlineData("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXkk")]
    [InlineData("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjX=")]
    [InlineData("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXé")]
    public void Anything_else_does_not(string verifier) => Assert.False(Pkce.Matches(verifier, Challenge));

    [Theory]
    [InlineData("")]
    [InlineData("plain-text-verifier-of-someone-who-downgrades")]
    [InlineData("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM=")]
    [InlineData("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw+cM")]
    [InlineData("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cN")]
    public void A_challenge_is_a_canonical_sha256(string challenge) => Assert.False(Pkce.IsChallenge(challenge));
}
