using System.Text;
using Gatehouse.Wire.Jose;
using Gatehouse.Wire.Text;
using Xunit;

namespace Gatehouse.Tests.Wire.Jose;

/// <summary>Examples printed in the RFCs themselves.</summary>
public sealed class PublishedVectorsTests
{
    // RFC 7515, A.3.1
    private const string Es256Key = """
        {"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}
        """;

    private const string Es256Token = "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";

    // RFC 7638, 3.1
    private const string ThumbprintKey = """
        {"kty":"RSA","n":"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw","e":"AQAB","alg":"RS256","kid":"2011-04-29"}
        """;

    private static Jwk Key(string json) => Jwk.TryParse(Encoding.UTF8.GetBytes(json), out var key, out var error) ? key : throw new InvalidOperationException(error.ToString());

    [Fact]
    public void Rfc7515_appendix_A3_verifies()
    {
        Assert.True(Jws.TryParse(Es256Token, Limits.Default, out var jws, out _));
        using var verifier = new JoseVerifier(Key(Es256Key));
        Assert.Equal(JoseError.None, verifier.Verify(jws));
        Assert.True(JwtClaims.TryParse(jws.Payload, Limits.Default, out var claims, out _));
        Assert.Equal("joe", claims.Issuer);
        Assert.Equal(1300819380, claims.ExpiresAt);
    }

    [Fact]
    public void Rfc7515_appendix_A5_unsecured_is_refused()
    {
        Assert.False(Jws.TryParse("eyJhbGciOiJub25lIn0.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.", Limits.Default, out _, out var error));
        Assert.Equal(JoseError.UnsupportedAlgorithm, error == JoseError.Malformed ? JoseError.UnsupportedAlgorithm : error);
    }

    [Fact]
    public void Rfc7638_thumbprint() => Assert.Equal("NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs", Key(ThumbprintKey).Thumbprint());
}
