using System.Text;
using System.Text.Json;
using Gatehouse.Wire.Jose;
using Gatehouse.Wire.Text;
using Xunit;

namespace Gatehouse.Tests.Wire.Jose;

/// <summary>Examples printed in the RFCs themselves (tests/vectors/rfc-jose.json).</summary>
public sealed class PublishedVectorsTests
{
    private static readonly JsonElement Vectors = Read();

    public static TheoryData<string> Signed => [.. Vectors.GetProperty("signed").EnumerateArray().Select(one => one.GetProperty("source").GetString()!)];

    [Theory]
    [MemberData(nameof(Signed))]
    public void Signed_examples_verify_and_only_with_their_own_key(string source)
    {
        var vector = Vectors.GetProperty("signed").EnumerateArray().Single(one => one.GetProperty("source").GetString() == source);
        var key = Key(vector.GetProperty("key"));
        Assert.True(Jws.TryParse(vector.GetProperty("token").GetString(), Limits.Default, out var jws, out var error), error.ToString());
        Assert.Equal(vector.GetProperty("algorithm").GetString(), jws.Algorithm.Name);
        using var verifier = new JoseVerifier(key);
        Assert.Equal(JoseError.None, verifier.Verify(jws));
        using var other = new JoseVerifier(Jwk.Generate(jws.Algorithm.Name));
        Assert.Equal(JoseError.BadSignature, other.Verify(jws));
        if (!key.HasPrivate) return;
        using var signer = new JoseSigner(key, jws.Algorithm.Name);
        Assert.True(Jws.TryParse(signer.Sign(jws.Payload.Span, "JWT"), Limits.Default, out var again, out _));
        Assert.Equal(JoseError.None, verifier.Verify(again));
        Assert.Equal(jws.Payload.ToArray(), again.Payload.ToArray());
    }

    [Fact]
    public void The_claims_of_the_appendix_are_read()
    {
        var token = Vectors.GetProperty("signed").EnumerateArray().Single(one => one.GetProperty("source").GetString() == "RFC 7515, A.3").GetProperty("token").GetString();
        Assert.True(Jws.TryParse(token, Limits.Default, out var jws, out _));
        Assert.True(JwtClaims.TryParse(jws.Payload, Limits.Default, out var claims, out _));
        Assert.Equal("joe", claims.Issuer);
        Assert.Equal(1300819380, claims.ExpiresAt);
        Assert.Equal(JsonValueKind.True, claims.Member("http://example.com/is_root")?.ValueKind);
    }

    [Fact]
    public void Examples_without_a_signature_of_a_key_pair_are_refused()
    {
        foreach (var vector in Vectors.GetProperty("refused").EnumerateArray())
        {
            Assert.False(Jws.TryParse(vector.GetProperty("token").GetString(), Limits.Default, out _, out var error));
            Assert.Equal(vector.GetProperty("error").GetString(), error.ToString());
        }
    }

    [Fact]
    public void Rfc7517_public_set_gives_its_signing_key_and_leaves_the_encryption_key_out()
    {
        Assert.True(JwkSet.TryParse(Set("publicSet"), out var set, out _));
        Assert.Equal("2011-04-29", Assert.Single(set.Keys).Kid);
        Assert.Equal([JoseError.WrongUse], set.LeftOut);
        Assert.NotNull(set.Find("2011-04-29", "RS256"));
        Assert.Null(set.Find("2011-04-29", "PS256"));
        Assert.Null(set.Find("1", "ES256"));
    }

    [Fact]
    public void Rfc7517_private_set_is_refused_where_a_public_one_is_read()
    {
        Assert.False(JwkSet.TryParse(Set("privateSet"), out _, out var error));
        Assert.Equal(JoseError.PrivateMember, error);
    }

    [Fact]
    public void Rfc7638_thumbprint()
    {
        var vector = Vectors.GetProperty("thumbprint");
        Assert.Equal(vector.GetProperty("expected").GetString(), Key(vector.GetProperty("key")).Thumbprint());
    }

    private static byte[] Set(string name) => Encoding.UTF8.GetBytes(Vectors.GetProperty(name).GetProperty("set").GetRawText());

    private static Jwk Key(JsonElement json) => Jwk.TryParse(Encoding.UTF8.GetBytes(json.GetRawText()), out var key, out var error) ? key : throw new InvalidOperationException(error.ToString());

    private static JsonElement Read()
    {
        using var stream = typeof(PublishedVectorsTests).Assembly.GetManifestResourceStream("rfc-jose.json")!;
        using var document = JsonDocument.Parse(stream);
        return document.RootElement.Clone();
    }
}
