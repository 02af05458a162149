using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Gatehouse.Keys;

namespace Gatehouse.Facades.Expertflow;

/// <summary>
/// Marks the refresh tokens that the facade hands out. Its renewal takes no client secret, as the vendor's does not; so it must not take what the client obtained elsewhere, where a secret is asked for.
/// </summary>
internal sealed class Seals(Sealer sealer)
{
    private const int Bytes = 16;

    /// <summary>The token with its mark.</summary>
    public string Mark(string refreshToken) => refreshToken + "." + Base64Url.EncodeToString(Of(refreshToken));

    /// <summary>The token without its mark; null when the mark is missing or wrong.</summary>
    public string? Unmark(string marked)
    {
        var dot = marked.LastIndexOf('.');
        Span<byte> mark = stackalloc byte[Bytes];
        if (dot <= 0 || marked.Length > 256 || marked.Length - dot - 1 != Base64Url.GetEncodedLength(Bytes)) return null;
        if (Base64Url.DecodeFromChars(marked.AsSpan(dot + 1), mark, out _, out var written) != System.Buffers.OperationStatus.Done || written != Bytes) return null;
        return CryptographicOperations.FixedTimeEquals(mark, Of(marked[..dot])) ? marked[..dot] : null;
    }

    private byte[] Of(string refreshToken) => sealer.Hash("expertflow refresh", Encoding.UTF8.GetBytes(refreshToken))[..Bytes];
}
