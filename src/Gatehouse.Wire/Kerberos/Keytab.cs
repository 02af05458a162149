using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Gatehouse.Wire.Kerberos;

/// <summary>A key of a keytab, without the key.</summary>
/// <param name="Principal">Whose it is, as <c>HTTP/host@REALM</c>.</param>
/// <param name="Version">Key version number.</param>
/// <param name="EncryptionType">Encryption type (RFC 3961, 8).</param>
/// <param name="WrittenAt">When it was written to the file; null where the tool that did it wrote no time.</param>
public sealed record KeytabKey(string Principal, uint Version, int EncryptionType, DateTimeOffset? WrittenAt)
{
    /// <summary>Name of the encryption type; its number when it has none here.</summary>
    public string Encryption => EncryptionType switch { 17 => "aes128-cts-hmac-sha1-96", 18 => "aes256-cts-hmac-sha1-96", 19 => "aes128-cts-hmac-sha256-128", 20 => "aes256-cts-hmac-sha384-192", 23 => "arcfour-hmac", 3 => "des-cbc-md5", 1 => "des-cbc-crc", 16 => "des3-cbc-sha1", _ => $"type {EncryptionType}" };

    /// <summary>Whether it is a broken one (RFC 6649, RFC 8429).</summary>
    public bool IsWeak => EncryptionType is 1 or 2 or 3 or 16 or 23 or 24;
}

/// <summary>Reads MIT's keytab file format, version 0x0502 (krb5, doc/formats/keytab_file_format). Keys are passed over, never held.</summary>
public static class Keytab
{
    private const int Longest = 1024 * 1024;

    /// <summary>The keys; false when the file is no keytab. Never throws.</summary>
    public static bool TryRead(ReadOnlySpan<byte> file, [NotNullWhen(true)] out IReadOnlyList<KeytabKey>? keys)
    {
        keys = null;
        if (file.Length is < 2 or > Longest || file[0] != 5 || file[1] != 2) return false;
        var found = ImmutableArray.CreateBuilder<KeytabKey>();
        for (file = file[2..]; file.Length >= 4;)
        {
            var size = BinaryPrimitives.ReadInt32BigEndian(file);
            file = file[4..];

            // A hole, left by a deleted key.
            var length = size == int.MinValue ? int.MaxValue : Math.Abs(size);
            if (length > file.Length) return false;
            if (size > 0)
            {
                if (Entry(file[..length]) is not { } key) return false;
                found.Add(key);
            }
            else if (size == 0)
            {
                break;
            }

            file = file[length..];
        }

        keys = found.ToImmutable();
        return true;
    }

    private static KeytabKey? Entry(ReadOnlySpan<byte> entry)
    {
        if (!Number(ref entry, out var count) || count is 0 or > 16 || !Text(ref entry, out var realm)) return null;
        var name = new StringBuilder();
        for (var i = 0; i < count; i++)
        {
            if (!Text(ref entry, out var part)) return null;
            if (i > 0) name.Append('/');
            name.Append(part);
        }

        // Name type, time, version in a byte, key.
        if (entry.Length < 4 + 4 + 1 + 2 + 2) return null;
        var at = BinaryPrimitives.ReadUInt32BigEndian(entry[4..]);
        uint version = entry[8];
        var type = BinaryPrimitives.ReadUInt16BigEndian(entry[9..]);
        var length = BinaryPrimitives.ReadUInt16BigEndian(entry[11..]);
        entry = entry[13..];
        if (entry.Length < length) return null;
        entry = entry[length..];
        if (entry.Length >= 4 && BinaryPrimitives.ReadUInt32BigEndian(entry) is > 0 and var whole) version = whole;
        return new KeytabKey($"{name}@{realm}", version, type, at == 0 ? null : DateTimeOffset.FromUnixTimeSeconds(at));
    }

    private static bool Number(ref ReadOnlySpan<byte> from, out int number)
    {
        number = 0;
        if (from.Length < 2) return false;
        number = BinaryPrimitives.ReadUInt16BigEndian(from);
        from = from[2..];
        return true;
    }

    private static bool Text(ref ReadOnlySpan<byte> from, [NotNullWhen(true)] out string? text)
    {
        text = null;
        if (!Number(ref from, out var length) || from.Length < length || length > 512) return false;
        text = Encoding.UTF8.GetString(from[..length]);
        from = from[length..];
        return true;
    }
}
