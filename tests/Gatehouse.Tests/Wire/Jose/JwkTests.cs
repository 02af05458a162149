using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Gatehouse.Wire.Jose;
using Gatehouse.Wire.Text;
using Xunit;

namespace Gatehouse.Tests.Wire.Jose;

public sealed class JwkTests
{
    private static readonly string Rsa = Jwk.Generate("RS256").ToJson(includePrivate: true);
    private static readonly string Ec = Jwk.Generate("ES256").ToJson(includePrivate: true);

    private static JoseError Read(JsonNode json) => Jwk.TryParse(Encoding.UTF8.GetBytes(json.ToJsonString()), out _, out var error) ? JoseError.None : error;

    private static JsonObject Changed(string json, Action<JsonObject> change)
    {
        var read = JsonNode.Parse(json)!.AsObject();
        change(read);
        return read;
    }

    private static string Flip(JsonNode? member)
    {
        Assert.True(StrictBase64Url.TryDecode(member!.GetValue<string>(), out var bytes));
        bytes[^2] ^= 4;
        return StrictBase64Url.Encode(bytes);
    }

    private static readonly string[] PrivateParts = ["d", "p", "q", "dp", "dq", "qi"];

    public static TheoryData<string> RsaPrivateMembers => [.. PrivateParts];

    [Theory]
    [MemberData(nameof(RsaPrivateMembers))]
    public void A_private_rsa_key_with_a_part_missing_or_changed_is_refused(string name)
    {
        Assert.NotEqual(JoseError.None, Read(Changed(Rsa, key => key.Remove(name))));
        Assert.NotEqual(JoseError.None, Read(Changed(Rsa, key => key[name] = Flip(key[name]))));
    }

    [Fact]
    public void A_private_ec_key_whose_halves_do_not_match_is_refused()
    {
        Assert.Equal(JoseError.BadKey, Read(Changed(Ec, key => key["d"] = Flip(key["d"]))));
        Assert.Equal(JoseError.BadKey, Read(Changed(Ec, key => key["d"] = StrictBase64Url.Encode(new byte[32]))));
        Assert.Equal(JoseError.BadKey, Read(Changed(Ec, key => key["d"] = StrictBase64Url.Encode(Enumerable.Repeat((byte)0xff, 32).ToArray()))));
    }

    [Fact]
    public void Keys_with_more_than_two_primes_are_refused() => Assert.Equal(JoseError.BadKey, Read(Changed(Rsa, key => key["oth"] = new JsonArray())));

    [Theory]
    [InlineData("AQ")] // 1: any text is its own signature
    [InlineData("Aw")]
    [InlineData("EQ")]
    [InlineData("AQAA")] // even
    [InlineData("AAEAAQ")] // leading zero
    [InlineData("AQAAAAAAAAAB")] // nine bytes
    public void Weak_exponents_are_refused(string exponent) => Assert.NotEqual(JoseError.None, Read(Changed(Jwk.Generate("RS256").ToJson(), key => key["e"] = exponent)));

    [Fact]
    public void Short_even_and_factored_moduli_are_refused()
    {
        using var small = RSA.Create(1024);
        Assert.Equal(JoseError.BadKey, Read(Changed(Rsa, key => { Strip(key); key["n"] = StrictBase64Url.Encode(small.ExportParameters(false).Modulus); })));
        Assert.Equal(JoseError.BadKey, Read(Changed(Rsa, key => { Strip(key); Change(key, bytes => bytes[^1] &= 0xfe); })));
        Assert.Equal(JoseError.BadKey, Read(Changed(Rsa, key => { Strip(key); key["n"] = StrictBase64Url.Encode(Enumerable.Repeat((byte)0xff, 256).ToArray()); }))); // 2^2048 - 1 is divisible by 3
    }

    [Fact]
    public void A_modulus_of_the_roca_shape_is_refused()
    {
        // A power of 65537 modulo the product of all small primes is the fingerprint (CVE-2017-15361), whatever else the number is.
        var product = new byte[] { 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101, 103, 107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167 }
            .Aggregate(System.Numerics.BigInteger.One, (all, one) => all * one);
        var n = System.Numerics.BigInteger.ModPow(65537, 12345, product) + product * (System.Numerics.BigInteger.One << (2047 - 200));
        while (n.IsEven || n.GetBitLength() < 2048) n += product;
        Assert.Equal(JoseError.BadKey, Read(Changed(Rsa, key => { Strip(key); key["n"] = StrictBase64Url.Encode(n.ToByteArray(isUnsigned: true, isBigEndian: true)); })));
    }

    [Theory]
    [InlineData("x")]
    [InlineData("y")]
    public void A_point_off_its_curve_is_refused(string name) => Assert.Equal(JoseError.BadKey, Read(Changed(Jwk.Generate("ES384").ToJson(), key => key[name] = Flip(key[name]))));

    [Theory]
    [InlineData("""["verify"]""", JoseError.None)]
    [InlineData("""["sign","verify"]""", JoseError.None)]
    [InlineData("""["encrypt"]""", JoseError.WrongUse)]
    [InlineData("""[]""", JoseError.WrongUse)]
    [InlineData("""["verify","verify"]""", JoseError.Malformed)]
    [InlineData("""[1]""", JoseError.Malformed)]
    [InlineData("\"verify\"", JoseError.Malformed)]
    public void Key_operations_count(string operations, JoseError expected) => Assert.Equal(expected, Read(Changed(Ec, key => key["key_ops"] = JsonNode.Parse(operations))));

    [Theory]
    [InlineData("ES384", JoseError.AlgorithmMismatch)]
    [InlineData("RS256", JoseError.AlgorithmMismatch)]
    [InlineData("HS256", JoseError.UnsupportedAlgorithm)]
    [InlineData("none", JoseError.UnsupportedAlgorithm)]
    public void A_key_that_names_an_algorithm_it_is_not_for_is_refused(string algorithm, JoseError expected) => Assert.Equal(expected, Read(Changed(Ec, key => key["alg"] = algorithm)));

    [Fact]
    public void One_odd_key_does_not_silence_a_set_but_is_reported()
    {
        var good = Jwk.Generate("ES256");
        var set = $$"""{"keys":[{"kty":"RSA","n":"AQAB","e":"AQAB"},{"kty":"EC","crv":"P-256"},{"kty":"oct","k":"AAAA"},{"kty":"new"},{{good.ToJson()}}]}""";
        Assert.True(JwkSet.TryParse(Encoding.UTF8.GetBytes(set), out var read, out _));
        Assert.Equal(good.Kid, Assert.Single(read.Keys).Kid);
        Assert.Equal([JoseError.BadKey, JoseError.Malformed, JoseError.UnsupportedAlgorithm, JoseError.UnsupportedAlgorithm], read.LeftOut);
    }

    [Theory]
    [InlineData("""{"keys":[{"kty":"OKP","crv":"Ed25519","x":"AA","d":"AA"}]}""", JoseError.PrivateMember)]
    [InlineData("""{"keys":[{"kty":"RSA","p":null}]}""", JoseError.PrivateMember)]
    [InlineData("""{"keys":[{"kty":"new","kty":"new"}]}""", JoseError.DuplicateMember)]
    [InlineData("""{"keys":[],"keys":[]}""", JoseError.DuplicateMember)]
    [InlineData("""{"keys":[1]}""", JoseError.Malformed)]
    [InlineData("""{"keys":{}}""", JoseError.Malformed)]
    [InlineData("""{}""", JoseError.Malformed)]
    [InlineData("""[]""", JoseError.Malformed)]
    public void Sets_that_must_not_pass(string json, JoseError expected)
    {
        Assert.False(JwkSet.TryParse(Encoding.UTF8.GetBytes(json), out _, out var error));
        Assert.Equal(expected, error);
    }

    [Fact]
    public void A_set_without_end_is_refused()
    {
        Assert.False(JwkSet.TryParse(Encoding.UTF8.GetBytes("{\"keys\":[" + string.Join(',', Enumerable.Repeat("{}", 65)) + "]}"), out _, out var error));
        Assert.Equal(JoseError.TooLarge, error);
    }

    [Fact]
    public void A_token_without_key_id_finds_a_key_only_when_one_alone_fits()
    {
        var (one, two, rsa) = (Jwk.Generate("ES256"), Jwk.Generate("ES256"), Jwk.Generate("RS256"));
        Assert.Same(one, new JwkSet([one, rsa]).Find(null, "ES256"));
        Assert.Null(new JwkSet([one, two, rsa]).Find(null, "ES256"));
        Assert.Same(two, new JwkSet([one, two, rsa]).Find(two.Kid, "ES256"));
        Assert.Null(new JwkSet([one, two, rsa]).Find("other", "ES256"));
        Assert.Null(new JwkSet([one, two, rsa]).Find(rsa.Kid, "ES256"));
    }

    [Fact]
    public void A_key_never_shows_its_private_part_unasked()
    {
        var key = Jwk.Generate("ES256");
        Assert.DoesNotContain("\"d\"", key.ToJson(), StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => new JoseSigner(key.ToPublic(), "ES256"));
        Assert.Throws<ArgumentException>(() => new JoseSigner(key, "ES384"));
        Assert.Throws<ArgumentException>(() => Jwk.Generate("HS256"));
    }

    private static void Strip(JsonObject key)
    {
        foreach (var name in PrivateParts) key.Remove(name);
    }

    private static void Change(JsonObject key, Action<byte[]> change)
    {
        Assert.True(StrictBase64Url.TryDecode(key["n"]!.GetValue<string>(), out var bytes));
        change(bytes);
        key["n"] = StrictBase64Url.Encode(bytes);
    }
}
