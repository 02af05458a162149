using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;

namespace Gatehouse.Bot;

/// <summary>Signatures of events by Standard Webhooks v1: HMAC-SHA256 over <c>id.timestamp.body</c>, the body's bytes as they came.</summary>
public static partial class EventSignature
{
    /// <summary>How far the sender's clock and ours may differ, in seconds.</summary>
    public const int Tolerance = 300;

    /// <summary>Verifies an event.</summary>
    /// <param name="header">One value of a header by its name; null when it is missing.</param>
    /// <param name="rawBody">The body as it came.</param>
    /// <param name="secrets">Every secret that counts now: two while one rotates. Throws <see cref="ArgumentException"/> for a text that is no secret, without telling it.</param>
    /// <param name="now">Unix seconds.</param>
    public static Verdict Verify(Func<string, string?> header, ReadOnlySpan<byte> rawBody, IReadOnlyList<string> secrets, long now)
    {
        var keys = secrets.Select(Key).ToList();
        if (header("webhook-id") is not { Length: > 0 } id || header("webhook-timestamp") is not { Length: > 0 } time || header("webhook-signature") is not { Length: > 0 } signature) return new Verdict(SignatureFault.Missing);
        if (!Id().IsMatch(id) || !Time().IsMatch(time) || signature.Length > 2048) return new Verdict(SignatureFault.Malformed);
        var given = signature.Split(' ').Where(one => one.StartsWith("v1,", StringComparison.Ordinal)).Select(one => Decode(one[3..])).ToList();
        if (given.Count == 0) return new Verdict(SignatureFault.UnknownVersion);
        // The signature first: a stranger learns nothing of our clock.
        var matches = false;
        foreach (var key in keys)
        {
            var wanted = Compute(key, id, time, rawBody);
            foreach (var one in given) matches |= one is not null && CryptographicOperations.FixedTimeEquals(one, wanted);
        }

        if (!matches) return new Verdict(SignatureFault.Wrong);
        var timestamp = long.Parse(time);
        var age = now - timestamp;
        return new Verdict(age > Tolerance ? SignatureFault.TooOld : age < -Tolerance ? SignatureFault.TooNew : SignatureFault.None, id, timestamp);
    }

    /// <summary>The signature header's value for an event, as the platform makes it: for tests.</summary>
    public static string Sign(string secret, string id, long timestamp, ReadOnlySpan<byte> rawBody) => "v1," + Convert.ToBase64String(Compute(Key(secret), id, timestamp.ToString(), rawBody));

    /// <summary>The key of a secret's text: base64 of 24 to 64 bytes, with or without <c>whsec_</c>.</summary>
    internal static byte[] Key(string secret)
        => Decode(secret.StartsWith("whsec_", StringComparison.Ordinal) ? secret[6..] : secret) is { Length: >= 24 and <= 64 } key ? key : throw new ArgumentException("A webhook secret is \"whsec_\" and the base64 of 24 to 64 bytes.");

    private static byte[] Compute(byte[] key, string id, string time, ReadOnlySpan<byte> rawBody) => HMACSHA256.HashData(key, (byte[])[.. Encoding.ASCII.GetBytes($"{id}.{time}."), .. rawBody]);

    // The framework's reader lets blanks and odd last bits pass: only the text that it would write itself counts.
    private static byte[]? Decode(string text)
    {
        var bytes = new byte[text.Length];
        return text.Length > 0 && Convert.TryFromBase64String(text, bytes, out var length) && Convert.ToBase64String(bytes, 0, length) == text ? bytes[..length] : null;
    }

    // No '.': it parts id from time in what is signed.
    [GeneratedRegex(@"\A[\x21-\x2d\x2f-\x7e]{1,256}\z", RegexOptions.NonBacktracking)]
    private static partial Regex Id();

    [GeneratedRegex(@"\A[0-9]{1,12}\z", RegexOptions.NonBacktracking)]
    private static partial Regex Time();
}

/// <summary>Why an event's signature does not count.</summary>
public enum SignatureFault
{
    /// <summary>It counts.</summary>
    None,

    /// <summary>One of the three headers is missing.</summary>
    Missing,

    /// <summary>A header is not of the form.</summary>
    Malformed,

    /// <summary>No signature of version 1.</summary>
    UnknownVersion,

    /// <summary>No signature matches.</summary>
    Wrong,

    /// <summary>Right, and more than five minutes old.</summary>
    TooOld,

    /// <summary>Right, and more than five minutes ahead.</summary>
    TooNew,
}

/// <summary>What <see cref="EventSignature.Verify"/> found.</summary>
/// <param name="Fault">Why it does not count.</param>
/// <param name="Id">The message's id, the same when an event is sent again.</param>
/// <param name="Timestamp">Unix seconds.</param>
public readonly record struct Verdict(SignatureFault Fault, string Id = "", long Timestamp = 0)
{
    /// <summary>Whether the event may be believed.</summary>
    public bool Valid => Fault == SignatureFault.None && Id.Length > 0;
}
