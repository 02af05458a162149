using System.Text;
using Gatehouse.Wire.Jose;
using Gatehouse.Wire.Text;
using Xunit;

namespace Gatehouse.Tests.Wire.Jose;

public sealed class HostileTests
{
    private static string Token(string header, string payload = "{}", string signature = "c2ln")
        => $"{StrictBase64Url.Encode(Encoding.UTF8.GetBytes(header))}.{StrictBase64Url.Encode(Encoding.UTF8.GetBytes(payload))}.{signature}";

    [Theory]
    [InlineData("""{"alg":"none"}""", JoseError.UnsupportedAlgorithm)]
    [InlineData("""{"alg":"None"}""", JoseError.UnsupportedAlgorithm)]
    [InlineData("""{"alg":"HS256"}""", JoseError.UnsupportedAlgorithm)]
    [InlineData("""{"alg":"es256"}""", JoseError.UnsupportedAlgorithm)]
    [InlineData("""{"alg":"ES256K"}""", JoseError.UnsupportedAlgorithm)]
    [InlineData("""{"alg":1}""", JoseError.Malformed)]
    [InlineData("""{}""", JoseError.Malformed)]
    [InlineData("""[]""", JoseError.Malformed)]
    [InlineData("""{"alg":"ES256"} """ + "x", JoseError.Malformed)]
    [InlineData("""{"alg":"ES256","kid":7}""", JoseError.Malformed)]
    [InlineData("""{"alg":"ES256","alg":"ES256"}""", JoseError.DuplicateMember)]
    [InlineData("""{"alg":"ES256","x":{"a":1,"a":2}}""", JoseError.DuplicateMember)]
    [InlineData("""{"alg":"ES256","\u0061lg":"none"}""", JoseError.DuplicateMember)]
    [InlineData("""{"alg":"ES256","crit":["b64"],"b64":false}""", JoseError.UnknownCritical)]
    [InlineData("""{"alg":"ES256","crit":[]}""", JoseError.UnknownCritical)]
    [InlineData("""{"alg":"ES256","b64":false}""", JoseError.UnknownCritical)]
    [InlineData("""{"alg":"ES256",/*c*/"x":1}""", JoseError.Malformed)]
    [InlineData("""{"alg":"ES256","crit":["exp"],"exp":1}""", JoseError.UnknownCritical)]
    [InlineData("""{"alg":"ES256","kid":"\ud800"}""", JoseError.Malformed)]
    [InlineData("""{"alg":"ES256","\udfff":1}""", JoseError.Malformed)]
    [InlineData("""{"alg":null}""", JoseError.Malformed)]
    [InlineData("""{"alg":""}""", JoseError.UnsupportedAlgorithm)]
    [InlineData("""{"alg":"ES256\u0000"}""", JoseError.UnsupportedAlgorithm)]
    [InlineData("""{"alg":"EdDSA"}""", JoseError.UnsupportedAlgorithm)]
    [InlineData("""{"alg":"ES256","typ":["JWT"]}""", JoseError.Malformed)]
    [InlineData("null", JoseError.Malformed)]
    [InlineData("\"ES256\"", JoseError.Malformed)]
    [InlineData("\ufeff{\"alg\":\"ES256\"}", JoseError.Malformed)]
    public void Headers_that_must_not_pass(string header, JoseError expected)
    {
        Assert.False(Jws.TryParse(Token(header), Limits.Default, out _, out var error));
        Assert.Equal(expected, error);
    }

    [Theory]
    [InlineData("")]
    [InlineData(".")]
    [InlineData("..")]
    [InlineData("a.b")]
    [InlineData("eyJhbGciOiJFUzI1NiJ9.e30.")]
    [InlineData("eyJhbGciOiJFUzI1NiJ9..c2ln.c2ln")]
    [InlineData("eyJhbGciOiJFUzI1NiJ9.e30=.c2ln")]
    [InlineData("eyJhbGciOiJFUzI1NiJ9.e30.c2ln.x.y")]
    [InlineData(" eyJhbGciOiJFUzI1NiJ9.e30.c2ln")]
    [InlineData("eyJhbGciOiJFUzI1NiJ9.e30.c2ln\n")]
    [InlineData("eyJhbGciOiJFUzI1NiJ9.e30.c2+n")]
    [InlineData("eyJhbGciOiJFUzI1NiJ9.e31.c2l")]
    [InlineData("eyJhbGciOiJFUzI1NiJ9.e30.c2ln.")]
    [InlineData(".eyJhbGciOiJFUzI1NiJ9.e30.c2ln")]
    [InlineData("eyJhbGciOiJFUzI1NiJ.e30.c2ln")]
    [InlineData("eyJhbGciOiJFUzI1NiJ9.e30.c2l\u0131")]
    [InlineData("eyJhbGciOiJFUzI1NiJ9.e30.c2ln\0")]
    [InlineData("{\"payload\":\"e30\",\"protected\":\"eyJhbGciOiJFUzI1NiJ9\",\"signature\":\"c2ln\"}")]
    public void Texts_that_are_no_compact_token(string token) => Assert.False(Jws.TryParse(token, Limits.Default, out _, out _));

    [Fact]
    public void A_token_beyond_the_limit_is_not_even_read()
    {
        Assert.False(Jws.TryParse(Token("""{"alg":"ES256"}""", new string('x', 20_000)), Limits.Default, out _, out var error));
        Assert.Equal(JoseError.TooLarge, error);
    }

    [Fact]
    public void A_deep_header_is_refused()
    {
        Assert.False(Jws.TryParse(Token("{\"alg\":\"ES256\",\"x\":" + new string('[', 40) + new string(']', 40) + "}"), Limits.Default, out _, out var error));
        Assert.Equal(JoseError.TooLarge, error);
    }

    [Fact]
    public void A_key_offered_by_the_token_itself_counts_for_nothing()
    {
        var mine = Jwk.Generate("ES256");
        var theirs = Jwk.Generate("ES256");
        using var verifier = new JoseVerifier(mine);
        var header = $$"""{"alg":"ES256","jwk":{{theirs.ToPublic().ToJson()}}}""";
        Assert.True(Jws.TryParse(Token(header, "{}", StrictBase64Url.Encode(new byte[64])), Limits.Default, out var jws, out _));
        Assert.Equal(JoseError.BadSignature, verifier.Verify(jws));
    }

    [Theory]
    [InlineData("ES256", "RS256")]
    [InlineData("RS256", "ES256")]
    [InlineData("RS256", "PS256")]
    [InlineData("ES256", "ES384")]
    [InlineData("RS256", "RS512")]
    [InlineData("ES512", "ES256")]
    public void The_key_says_the_algorithm_not_the_token(string keyFor, string claimed)
    {
        using var verifier = new JoseVerifier(Jwk.Generate(keyFor));
        Assert.True(Jws.TryParse(Token($$"""{"alg":"{{claimed}}"}"""), Limits.Default, out var jws, out _));
        Assert.Equal(JoseError.AlgorithmMismatch, verifier.Verify(jws));
    }

    [Theory]
    [InlineData("""{"kty":"oct","k":"AAAA"}""", JoseError.UnsupportedAlgorithm)]
    [InlineData("""{"kty":"RSA","n":"AQAB","e":"AQAB"}""", JoseError.BadKey)]
    [InlineData("""{"kty":"EC","crv":"P-256","x":"AA","y":"AA"}""", JoseError.Malformed)]
    [InlineData("""{"kty":"EC","crv":"P-256","x":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE","y":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE"}""", JoseError.BadKey)]
    [InlineData("""{"kty":"EC","crv":"secp256k1","x":"AA","y":"AA"}""", JoseError.UnsupportedAlgorithm)]
    [InlineData("""{"kty":"EC","kty":"RSA"}""", JoseError.DuplicateMember)]
    [InlineData("""{"kty":1}""", JoseError.Malformed)]
    [InlineData("""{"kty":"\ud800"}""", JoseError.Malformed)]
    [InlineData("""{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}""", JoseError.UnsupportedAlgorithm)]
    [InlineData("""{}""", JoseError.Malformed)]
    [InlineData("""[]""", JoseError.Malformed)]
    public void Keys_that_must_not_pass(string json, JoseError expected)
    {
        Assert.False(Jwk.TryParse(Encoding.UTF8.GetBytes(json), out _, out var error));
        Assert.Equal(expected, error);
    }

    [Fact]
    public void A_key_for_encryption_verifies_nothing()
    {
        var json = Jwk.Generate("RS256").ToJson().Replace("\"use\":\"sig\"", "\"use\":\"enc\"", StringComparison.Ordinal);
        Assert.False(Jwk.TryParse(Encoding.UTF8.GetBytes(json), out _, out var error));
        Assert.Equal(JoseError.WrongUse, error);
    }

    [Theory]
    [InlineData("""{"exp":"10"}""")]
    [InlineData("""{"exp":-1}""")]
    [InlineData("""{"exp":1e300}""")]
    [InlineData("""{"iss":["a"]}""")]
    [InlineData("""{"aud":[1]}""")]
    [InlineData("""{"sub":null}""")]
    [InlineData("""{"exp":1,"exp":2}""")]
    [InlineData("""{"exp":null}""")]
    [InlineData("""{"exp":1e999}""")]
    [InlineData("""{"exp":253402300800}""")]
    [InlineData("""{"nbf":true}""")]
    [InlineData("""{"iat":{}}""")]
    [InlineData("""{"aud":{"a":"b"}}""")]
    [InlineData("""{"aud":["a",null]}""")]
    [InlineData("""{"aud":"\ud800"}""")]
    [InlineData("""{"jti":1}""")]
    [InlineData("""[]""")]
    public void Claims_of_the_wrong_type_are_refused(string json) => Assert.False(JwtClaims.TryParse(Encoding.UTF8.GetBytes(json), Limits.Default, out _, out _));
}
