using System.Security.Cryptography;
using System.Text;

namespace Gatehouse.Dialogs;

/// <summary>Signs events for bots (Standard Webhooks 1.0): <c>webhook-signature</c> over id, time and body, once for each secret that counts, so that a bot may know either.</summary>
public static class EventSignature
{
    /// <summary>The header's value: <c>v1,</c> and the HMAC-SHA-256 in Base64, several parted by spaces.</summary>
    public static string Sign(IEnumerable<string> secrets, string id, long timestamp, ReadOnlySpan<byte> body)
    {
        var head = Encoding.ASCII.GetBytes($"{id}.{timestamp}.");
        var signed = new byte[head.Length + body.Length];
        head.CopyTo(signed, 0);
        body.CopyTo(signed.AsSpan(head.Length));
        return string.Join(' ', secrets.Select(secret => "v1," + Convert.ToBase64String(HMACSHA256.HashData(Convert.FromBase64String(secret["whsec_".Length..]), signed))));
    }
}
