using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Gatehouse.SignIn.OneTime;

/// <summary>Time-based one-time passwords (RFC 6238) as every authenticator app has them: SHA-1, 30 seconds, 6 digits.</summary>
public static class Totp
{
    private const string Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

    /// <summary>Bytes of a secret (RFC 4226, 4, R6).</summary>
    public const int SecretBytes = 20;

    /// <summary>The step at a moment.</summary>
    public static long StepAt(DateTimeOffset now) => now.ToUnixTimeSeconds() / 30;

    /// <summary>The code of a step.</summary>
    public static string CodeOf(ReadOnlySpan<byte> secret, long step)
    {
        Span<byte> counter = stackalloc byte[8];
        BinaryPrimitives.WriteInt64BigEndian(counter, step);
        Span<byte> hash = stackalloc byte[20];
        HMACSHA1.HashData(secret, counter, hash);

        // RFC 4226, 5.3: dynamic truncation.
        var number = BinaryPrimitives.ReadInt32BigEndian(hash[(hash[19] & 0xf)..]) & 0x7fffffff;
        return (number % 1_000_000).ToString("D6", CultureInfo.InvariantCulture);
    }

    /// <summary>The step whose code this is: now, one before or one after, since clocks differ (RFC 6238, 5.2); null when it is none of them. Each step is compared, in constant time.</summary>
    public static long? StepOf(ReadOnlySpan<byte> secret, string code, DateTimeOffset now)
    {
        long? found = null;
        var shown = Encoding.UTF8.GetBytes(code);
        for (var step = StepAt(now) - 1; step <= StepAt(now) + 1; step++)
            if (CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(CodeOf(secret, step)), shown)) found = step;
        return found;
    }

    /// <summary>A secret as apps take it typed (RFC 4648, 6, without padding).</summary>
    public static string Base32(ReadOnlySpan<byte> secret)
    {
        var text = new StringBuilder((secret.Length * 8 / 5) + 1);
        var (bits, held) = (0, 0);
        foreach (var one in secret)
        {
            (bits, held) = ((bits << 8) | one, held + 8);
            for (; held >= 5; held -= 5) text.Append(Alphabet[(bits >> (held - 5)) & 31]);
            bits &= (1 << held) - 1;
        }

        if (held > 0) text.Append(Alphabet[(bits << (5 - held)) & 31]);
        return text.ToString();
    }
}
