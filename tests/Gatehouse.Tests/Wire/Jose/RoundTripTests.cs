using System.Text;
using FsCheck;
using FsCheck.Fluent;
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
    public void The_verifier_may_allow_less_than_the_key()
    {
        var key = Jwk.Generate("RS256");
        var open = key.ToJson().Replace("\"alg\":\"RS256\",", "", StringComparison.Ordinal);
        Assert.True(Jwk.TryParse(Encoding.UTF8.GetBytes(open), out var any, out _));
        using var signer = new JoseSigner(key, "RS256");
        Assert.True(Jws.TryParse(signer.Sign("x"u8, "JWT"), Limits.Default, out var jws, out _));
        using var all = new JoseVerifier(any);
        using var pssOnly = new JoseVerifier(any, ["PS256"]);
        Assert.Equal(JoseError.None, all.Verify(jws));
        Assert.Equal(JoseError.AlgorithmMismatch, pssOnly.Verify(jws));
    }

    [Fact]
    public void Any_payload_and_type_survive_and_any_changed_bit_is_seen()
    {
        var key = Jwk.Generate("ES256");
        using var signer = new JoseSigner(key, "ES256");
        using var verifier = new JoseVerifier(key);
        Prop.ForAll(ArbMap.Default.ArbFor<byte[]>(), Gen.Choose(0, int.MaxValue).ToArbitrary(), (payload, at) =>
        {
            var token = signer.Sign(payload, "JWT");
            Assert.True(Jws.TryParse(token, Limits.Default, out var jws, out _));
            Assert.Equal(payload, jws.Payload.ToArray());
            Assert.Equal(JoseError.None, verifier.Verify(jws));
            var changed = token.ToCharArray();
            at %= changed.Length;
            changed[at] = changed[at] == 'A' ? 'B' : 'A';
            Assert.False(Jws.TryParse(changed, Limits.Default, out var forged, out _) && verifier.Verify(forged) == JoseError.None);
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void Signer_and_verifier_serve_many_threads_at_once()
    {
        var key = Jwk.Generate("ES256");
        using var signer = new JoseSigner(key, "ES256");
        using var verifier = new JoseVerifier(key);
        Parallel.For(0, 400, at => Assert.True(Jws.TryParse(signer.Sign(BitConverter.GetBytes(at), "JWT"), Limits.Default, out var jws, out _) && verifier.Verify(jws) == JoseError.None));
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
