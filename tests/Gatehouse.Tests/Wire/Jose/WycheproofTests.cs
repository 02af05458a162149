using System.Numerics;
using System.Text;
using System.Text.Json;
using Gatehouse.Wire.Jose;
using Gatehouse.Wire.Text;
using Xunit;

namespace Gatehouse.Tests.Wire.Jose;

/// <summary>
/// Project Wycheproof's vectors, read from the folder that GATEHOUSE_WYCHEPROOF names (tests/vectors/README.md). No invalid vector may pass. A valid one may be refused for these reasons only, all wanted:
/// HMAC is not offered; a key with an exponent of 65536 or less is unfit (FIPS 186-5); RFC 7518, 3.5 gives PSS one hash and a salt of its length, so that other parameters are another algorithm;
/// a key that names another algorithm than its token (the RFC 7520 groups add "ES521", which does not exist, to a P-521 key, and PS256 to the key of a PS384 token: the cookbook's own keys name none).
/// </summary>
public sealed class WycheproofTests
{
    private static readonly string[] AddedByTheVectors = ["346", "347", "350", "351"];

    [Theory]
    [InlineData("json_web_signature_test.json", 32)]
    [InlineData("json_web_key_test.json", 1)]
    public void Json_web_signatures(string file, int leastValid)
    {
        var (passed, tally) = (0, new Tally());
        foreach (var group in Groups(file))
        {
            var keys = group.TryGetProperty("public", out var given) ? given : group.GetProperty("private");
            foreach (var test in group.GetProperty("tests").EnumerateArray())
            {
                var (id, valid) = (test.GetProperty("tcId").ToString(), test.GetProperty("result").GetString() == "valid");
                var token = test.GetProperty("jws");
                var accepted = Accepts(keys, token.ValueKind == JsonValueKind.String ? token.GetString()! : token.GetRawText());
                Assert.False(accepted && !valid, $"{file} {id} is invalid and was accepted.");
                if (valid && !accepted)
                {
                    var why = keys.GetRawText().Contains("\"oct\"", StringComparison.Ordinal) ? "HMAC" : AddedByTheVectors.Contains(id) ? "algorithm added by the vectors" : null;
                    Assert.True(why is not null, $"{file} {id} is valid and was refused.");
                }

                if (accepted) passed++;
                tally.Count(valid, accepted);
            }
        }

        Assert.True(passed >= leastValid, $"{file}: only {passed} accepted.");
        TestContext.Current.TestOutputHelper?.WriteLine($"{file}: {tally}");
    }

    [Theory]
    [InlineData("ecdsa_secp256r1_sha256_p1363_test.json", "ES256")]
    [InlineData("ecdsa_secp384r1_sha384_p1363_test.json", "ES384")]
    [InlineData("ecdsa_secp521r1_sha512_p1363_test.json", "ES512")]
    public void Elliptic_curve_signatures(string file, string algorithm)
        => Run(file, group =>
        {
            var point = group.GetProperty("publicKey").GetProperty("uncompressed").GetString()!;
            var half = (point.Length - 2) / 2;
            var curve = JoseAlgorithm.Find(algorithm)!.Curve;
            return ($$"""{"kty":"EC","crv":"{{curve}}","x":"{{Url(point.Substring(2, half))}}","y":"{{Url(point[(2 + half)..])}}"}""", algorithm);
        });

    [Theory]
    [InlineData("rsa_signature_*_sha256_test.json", "RS256")]
    [InlineData("rsa_signature_*_sha384_test.json", "RS384")]
    [InlineData("rsa_signature_*_sha512_test.json", "RS512")]
    public void Rsa_pkcs1_signatures(string files, string algorithm) => Run(files, group => (RsaKey(group), algorithm));

    [Theory]
    [InlineData("rsa_pss_*_sha256_mgf1*_test.json")]
    [InlineData("rsa_pss_*_sha384_mgf1*_test.json")]
    [InlineData("rsa_pss_*_sha512_mgf1*_test.json")]
    [InlineData("rsa_pss_misc_test.json")]
    public void Rsa_pss_signatures(string files)
        => Run(files, group =>
        {
            var sha = group.GetProperty("sha").GetString()!;
            var bits = sha is "SHA-256" or "SHA-384" or "SHA-512" ? int.Parse(sha.AsSpan(4)) : 0;
            var ours = bits != 0 && group.TryGetProperty("mgfSha", out var mask) && mask.GetString() == sha && group.GetProperty("sLen").GetInt32() == bits / 8;
            return (RsaKey(group), ours ? $"PS{bits}" : bits == 0 ? "!PS256" : $"!PS{bits}");
        });

    // A leading '!' before the algorithm: no valid vector of the group may pass, since its parameters are not the algorithm's. An invalid one may: with the salt changed to the algorithm's length it is right here.
    private static void Run(string files, Func<JsonElement, (string Key, string Algorithm)> read)
    {
        var tally = new Tally();
        foreach (var group in Groups(files))
        {
            var (json, name) = read(group);
            var foreign = name[0] == '!';
            var algorithm = JoseAlgorithm.Find(name.TrimStart('!'))!;
            var fit = Jwk.TryParse(Encoding.UTF8.GetBytes(json), out var key, out var error);
            if (!fit) Assert.True(error == JoseError.BadKey && json.Contains("\"e\":\"Aw\"", StringComparison.Ordinal), $"{files}: a sound key was refused ({error}).");
            using var verifier = fit ? new JoseVerifier(key!) : null;
            foreach (var test in group.GetProperty("tests").EnumerateArray())
            {
                var result = test.GetProperty("result").GetString();
                var accepted = verifier is not null && verifier.Verify(algorithm, Hex(test, "msg"), Hex(test, "sig")) == JoseError.None;
                var at = $"{files} {group.GetProperty("type").GetString()} {test.GetProperty("tcId")} ({test.GetProperty("comment").GetString()})";
                Assert.False(accepted && (foreign ? result == "valid" : result == "invalid"), $"{at} must not pass and did.");
                Assert.True(accepted || result != "valid" || foreign || !fit, $"{at} is valid and was refused.");
                if (!foreign || result == "valid") tally.Count(result == "valid", accepted);
            }
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"{files}: {tally}");
    }

    private static bool Accepts(JsonElement keys, string token)
    {
        if (!Jws.TryParse(token, Limits.Default, out var jws, out _)) return false;
        var set = keys.TryGetProperty("keys", out var _) ? keys.GetRawText() : $$"""{"keys":[{{keys.GetRawText()}}]}""";
        if (!JwkSet.TryParse(Encoding.UTF8.GetBytes(set), out var read, out var _) || read.Find(jws.KeyId, jws.Algorithm.Name) is not { } key) return false;
        using var verifier = new JoseVerifier(key);
        return verifier.Verify(jws) == JoseError.None;
    }

    private static string RsaKey(JsonElement group)
    {
        var key = group.GetProperty("publicKey");
        return $$"""{"kty":"RSA","n":"{{Number(key, "modulus")}}","e":"{{Number(key, "publicExponent")}}"}""";
    }

    private static string Number(JsonElement key, string name)
        => StrictBase64Url.Encode(new BigInteger(Hex(key, name), isUnsigned: true, isBigEndian: true).ToByteArray(isUnsigned: true, isBigEndian: true));

    private static string Url(string hex) => StrictBase64Url.Encode(Convert.FromHexString(hex));

    private static byte[] Hex(JsonElement json, string name) => Convert.FromHexString(json.GetProperty(name).GetString()!);

    private static IEnumerable<JsonElement> Groups(string files)
    {
        var folder = Environment.GetEnvironmentVariable("GATEHOUSE_WYCHEPROOF");
        if (string.IsNullOrEmpty(folder)) Assert.Skip("GATEHOUSE_WYCHEPROOF does not name a folder with Wycheproof's vectors (tests/vectors/README.md).");
        var found = Directory.GetFiles(Path.Combine(folder, "testvectors_v1"), files);
        Assert.NotEmpty(found);
        foreach (var file in found.Order(StringComparer.Ordinal))
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(file));
            foreach (var group in document.RootElement.GetProperty("testGroups").EnumerateArray()) yield return group.Clone();
        }
    }

    private sealed class Tally
    {
        private int valid, accepted, refusedValid, refusedInvalid;

        public void Count(bool isValid, bool isAccepted)
        {
            if (isValid) valid++;
            if (isAccepted) accepted++;
            else if (isValid) refusedValid++;
            else refusedInvalid++;
        }

        public override string ToString() => $"{valid} valid, {accepted} accepted, {refusedValid} valid refused by choice, {refusedInvalid} others refused";
    }
}
