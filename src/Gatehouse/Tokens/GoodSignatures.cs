using System.Security.Cryptography;
using System.Text;
using Gatehouse.Audit;
using Gatehouse.Wire.Jose;

namespace Gatehouse.Tokens;

/// <summary>
/// Tokens whose signature was checked before, and by which key: one token is shown again and again, and its signature costs more than all else that is asked of it. Nothing but the cryptography is remembered: key, times, realm and revocation are asked
/// each time. Kept is a hash of the whole token, so no token can be read here; what was never good is not kept. Bounded.
/// </summary>
internal sealed class GoodSignatures
{
    private const int Most = 20_000;

    private readonly Generations<Print, JoseVerifier> known = new(Most);

    /// <summary>Whether the signature of <paramref name="token"/>, of which <paramref name="jws"/> was read, is the verifier's key's.</summary>
    public bool Holds(string token, Jws jws, JoseVerifier verifier)
    {
        var print = Print.Of(token);
        // Another key of the same id checks anew.
        if (ReferenceEquals(known.Find(print), verifier)) return true;
        if (verifier.Verify(jws) != JoseError.None) return false;
        known.Keep(print, verifier);
        return true;
    }

    private readonly record struct Print(UInt128 High, UInt128 Low)
    {
        // SHA-256: who would pass another token for this one needs the same hash of both.
        public static Print Of(string token)
        {
            Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
            SHA256.HashData(Encoding.UTF8.GetBytes(token), hash);
            return new Print(System.Buffers.Binary.BinaryPrimitives.ReadUInt128BigEndian(hash), System.Buffers.Binary.BinaryPrimitives.ReadUInt128BigEndian(hash[16..]));
        }
    }
}
