using System.Numerics;

namespace Gatehouse.Wire.Jose;

/// <summary>Tells RSA moduli that fall to publicly known means.</summary>
internal static class RsaWeakness
{
    private const int Generator = 65537;

    private static ReadOnlySpan<byte> SmallPrimes =>
        [3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101, 103, 107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167];

    /// <summary>
    /// True for a modulus with a small factor, and for one of the shape that Infineon's library made (CVE-2017-15361, "ROCA": Nemec and others, 2017): its primes are powers of 65537 modulo many small primes,
    /// hence so is the modulus. A sound modulus is that modulo all of these primes by a chance of less than 2^-27.
    /// </summary>
    public static bool Has(ReadOnlySpan<byte> modulus)
    {
        var n = new BigInteger(modulus, isUnsigned: true, isBigEndian: true);
        var alwaysPower = true;
        foreach (var prime in SmallPrimes)
        {
            var rest = (int)(n % prime);
            if (rest == 0) return true;
            alwaysPower = alwaysPower && IsPower(rest, prime);
        }

        return alwaysPower;
    }

    private static bool IsPower(int rest, int prime)
    {
        var power = 1;
        do
        {
            if (power == rest) return true;
            power = power * (Generator % prime) % prime;
        }
        while (power != 1);
        return false;
    }
}
