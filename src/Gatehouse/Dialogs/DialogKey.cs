using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Gatehouse.Dialogs;

/// <summary>
/// A dialog's id as memory and tokens compare it: 128 bits. A UUID (RFC 9562) is its own key, whatever the case of its letters; another id is the beginning of its SHA-256, marked so that no UUID can equal it.
/// </summary>
public readonly record struct DialogKey(ulong High, ulong Low)
{
    /// <summary>Longest id, in characters.</summary>
    public const int Longest = 64;

    /// <summary>Whether the id was a UUID, which the key still tells.</summary>
    public bool IsUuid => Low >> 62 == 0b10;

    /// <summary>Reads an id: 1 to 64 of A–Z, a–z, 0–9 and <c>. _ -</c>, a letter or digit first. False for anything else.</summary>
    public static bool TryParse(ReadOnlySpan<char> id, out DialogKey key)
    {
        key = default;
        if (id.Length is 0 or > Longest || !char.IsAsciiLetterOrDigit(id[0]) || id.IndexOfAnyExcept(Letters) >= 0) return false;
        Span<byte> bytes = stackalloc byte[32];
        if (id.Length == 36 && Guid.TryParseExact(id, "D", out var uuid) && uuid.TryWriteBytes(bytes, bigEndian: true, out _))
        {
            key = Read(bytes);
            // Of another variant: no UUID of the standard, so it counts as text.
            if (key.IsUuid) return true;
        }

        Span<byte> text = stackalloc byte[Longest];
        SHA256.HashData(text[..Encoding.ASCII.GetBytes(id, text)], bytes);
        key = Read(bytes);
        key = key with { Low = key.Low | (0b11UL << 62) };
        return true;
    }

    /// <summary>A UUID's id.</summary>
    public string ToUuid()
    {
        Span<byte> bytes = stackalloc byte[16];
        Write(bytes);
        return new Guid(bytes, bigEndian: true).ToString("D");
    }

    /// <summary>The id in the one spelling that is stored: a UUID in lower case, all else as it is.</summary>
    public string Spell(string id) => IsUuid ? ToUuid() : id;

    /// <summary>The 16 bytes of a key.</summary>
    internal void Write(Span<byte> bytes)
    {
        BinaryPrimitives.WriteUInt64BigEndian(bytes, High);
        BinaryPrimitives.WriteUInt64BigEndian(bytes[8..], Low);
    }

    /// <summary>The key of 16 bytes.</summary>
    internal static DialogKey Read(ReadOnlySpan<byte> bytes) => new(BinaryPrimitives.ReadUInt64BigEndian(bytes), BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]));

    private const string Letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
}
