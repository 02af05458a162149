using System.Text;
using Gatehouse.Wire.Jose;
using Gatehouse.Wire.Text;
using Xunit;

namespace Gatehouse.Tests.Wire.Jose;

public sealed class RoundTripTests
{
    public static TheoryData<string> Algorithms => [.. JoseAlgorithm.Names];

    [Theory]
    [MemberData(nameof(Algorithms))]
    public void What_a_key_signs_its_public_half_verifies(string algorithm)
    {
        var key = Jwk.Generate(algorithm);
        using var signer = new JoseSigner(key, algorithm);
        var token = signer.Sign("""{"iss":"me","exp":10}"""u8, "at+jwt");
        Assert.True(Jws.TryParse(token, Limits.Default, out var jws, out _));
        Assert.Equal("at+jwt", jws.Type);
        Assert.Equal(key.Kid, jws.KeyId);
        Assert.True(Jwk.TryParse(Encoding.UTF8.GetBytes(key.ToPublic().ToJson(includePrivate: true)), out var read, out _));
        Assert.False(read.HasPrivate);
        using var verifier = new JoseVerifier(read);
        Assert.Equal(JoseError.None, verifier.Verify(jws));
    }

    [Theory]
    [MemberData(nameof(Algorithms))]
    public void A_changed_bit_is_seen(string algorithm)
    {
        var key = Jwk.Generate(algorithm);
        using var signer = new JoseSigner(key, algorithm);
        using var verifier = new JoseVerifier(key);
        var parts = signer.Sign("""{"sub":"alice"}"""u8, "JWT").Split('.');
        var forged = StrictBase64Url.Encode("""{"sub":"admin"}"""u8);
        Assert.True(Jws.TryParse($"{parts[0]}.{forged}.{parts[2]}", Limits.Default, out var jws, out _));
        Assert.Equal(JoseError.BadSignature, verifier.Verify(jws));
    }

    [Fact]
    public void A_private_key_survives_json()
    {
        foreach (var algorithm in JoseAlgorithm.Names)
        {
            var key = Jwk.Generate(algorithm);
            Assert.True(Jwk.TryParse(Encoding.UTF8.GetBytes(key.ToJson(includePrivate: true)), out var read, out var error), $"{algorithm}: {error}");
            using var signer = new JoseSigner(read, algorithm);
            using var verifier = new JoseVerifier(key);
            Assert.True(Jws.TryParse(signer.Sign("x"u8, "JWT"), Limits.Default, out var jws, out _));
            Assert.Equal(JoseError.None, verifier.Verify(jws));
        }
    }

    [Fact]
    public void The_published_set_never_holds_a_private_part()
    {
        var set = new JwkSet([Jwk.Generate("ES256"), Jwk.Generate("RS256")]).ToJson();
        Assert.DoesNotContain("\"d\"", set, StringComparison.Ordinal);
        Assert.DoesNotContain("\"p\"", set, StringComparison.Ordinal);
        Assert.True(JwkSet.TryParse(Encoding.UTF8.GetBytes(set), out var read, out _));
        Assert.Equal(2, read.Keys.Length);
    }
}
