using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Text;
using Gatehouse.Keys;
using Gatehouse.Terms;
using Gatehouse.Wire.Text;

namespace Gatehouse.Dialogs;

/// <summary>What an opened token says. It is believed: nobody else could have sealed it.</summary>
/// <param name="Id">The dialog's id.</param>
/// <param name="Key">The same as a key.</param>
/// <param name="Project">The dialog's project.</param>
/// <param name="Visitor">Made for a visitor, not for a bot.</param>
/// <param name="IssuedAt">When it was made, unix milliseconds.</param>
/// <param name="StartedAt">When its dialog was opened, unix milliseconds.</param>
/// <param name="HardUntil">When it is worth nothing, whatever happens, unix milliseconds.</param>
public readonly record struct DialogToken(string Id, DialogKey Key, string Project, bool Visitor, long IssuedAt, long StartedAt, long HardUntil);

/// <summary>
/// Makes and opens the tokens of dialogs: sealed under a key of realm and day, so that any node opens them without a look-up and nobody else can read them. Neither making nor opening one touches anything but memory.
/// Body: version, day, nonce, cipher text of (flags, issued, started, hard limit, project, id), tag.
/// </summary>
public sealed class DialogTokens(Sealer sealer, TimeProvider time)
{
    private const byte Version = 1;
    private const int ClearBytes = 3;
    private const int FixedBytes = 1 + 6 + 6 + 6 + 1;
    private const int Most = FixedBytes + DialogKey.Longest + DialogProject.LongestName;
    private const byte IsVisitor = 1;
    private const byte IsUuid = 2;
    private const long DayMs = 24 * 60 * 60 * 1000L;
    private static readonly long FirstDay = new DateTimeOffset(2024, 1, 1, 0, 0, 0, TimeSpan.Zero).ToUnixTimeMilliseconds();

    private readonly ConcurrentDictionary<(string Realm, ushort Day), TokenSeal> seals = new();

    /// <summary>A fresh token. One that is given for another keeps its <paramref name="issuedAt"/>: what freezes that one freezes it too.</summary>
    public string Mint(string realm, string id, in Dialog dialog, bool visitor, DateTimeOffset? issuedAt = null)
    {
        if (!DialogKey.TryParse(id, out var key)) throw new ArgumentException("This is no id of a dialog.", nameof(id));
        var now = time.GetUtcNow().ToUnixTimeMilliseconds();
        Span<byte> plain = stackalloc byte[Most];
        plain[0] = (byte)((visitor ? IsVisitor : 0) | (key.IsUuid ? IsUuid : 0));
        WriteTime(plain[1..], issuedAt?.ToUnixTimeMilliseconds() ?? now);
        WriteTime(plain[7..], dialog.StartedAt);
        WriteTime(plain[13..], dialog.HardUntil);
        plain[19] = (byte)Encoding.ASCII.GetBytes(dialog.Project, plain.Slice(FixedBytes, DialogProject.LongestName));
        var length = FixedBytes + plain[19];
        if (key.IsUuid)
        {
            key.Write(plain[length..]);
            length += 16;
        }
        else length += Encoding.ASCII.GetBytes(id, plain[length..]);

        Span<byte> body = stackalloc byte[ClearBytes + TokenSeal.NonceBytes + length + TokenSeal.TagBytes];
        var day = DayOf(now);
        body[0] = Version;
        BinaryPrimitives.WriteUInt16BigEndian(body[1..], day);
        SealOf(realm, day).Seal(plain[..length], body[..ClearBytes], body[ClearBytes..]);
        return TokenText.Create(SecretKinds.Dialog, body);
    }

    /// <summary>Opens a token of a realm; false when it is none of the realm's, or altered, or of a day that no living token can be of.</summary>
    public bool TryOpen(string realm, string text, out DialogToken token)
    {
        token = default;
        if (!TokenText.TryParse(text, SecretKinds.Dialog, out var body)) return false;
        var length = body.Length - ClearBytes - TokenSeal.NonceBytes - TokenSeal.TagBytes;
        if (body[0] != Version || length is <= FixedBytes or > Most) return false;
        // Only days of which a token can be alive, so that strangers cannot make us derive keys without end.
        var day = BinaryPrimitives.ReadUInt16BigEndian(body.AsSpan(1));
        var age = DayOf(time.GetUtcNow().ToUnixTimeMilliseconds()) - day;
        if (age is < -1 or > 2) return false;
        Span<byte> plain = stackalloc byte[length];
        if (!SealOf(realm, day).TryOpen(body.AsSpan(ClearBytes), body.AsSpan(0, ClearBytes), plain)) return false;
        // Sealed by us, so of the form that we wrote; a later version that writes another says so in its first byte.
        var project = Encoding.ASCII.GetString(plain.Slice(FixedBytes, plain[19]));
        var rest = plain[(FixedBytes + plain[19])..];
        DialogKey key;
        string id;
        if ((plain[0] & IsUuid) != 0)
        {
            key = DialogKey.Read(rest);
            id = key.ToUuid();
        }
        else
        {
            id = Encoding.ASCII.GetString(rest);
            if (!DialogKey.TryParse(id, out key)) return false;
        }

        token = new DialogToken(id, key, project, (plain[0] & IsVisitor) != 0, ReadTime(plain[1..]), ReadTime(plain[7..]), ReadTime(plain[13..]));
        return true;
    }

    /// <summary>How many keys are kept.</summary>
    internal int Keys => seals.Count;

    /// <summary>Forgets the keys of days that are over.</summary>
    internal void Prune()
    {
        var today = DayOf(time.GetUtcNow().ToUnixTimeMilliseconds());
        foreach (var key in seals.Keys)
            if (today - key.Day > 2) seals.TryRemove(key, out _);
    }

    private TokenSeal SealOf(string realm, ushort day) => seals.TryGetValue((realm, day), out var known) ? known : seals.GetOrAdd((realm, day), one => sealer.SealOf($"dialog/{one.Realm}/{one.Day}"));

    private static ushort DayOf(long now) => (ushort)((now - FirstDay) / DayMs);

    private static void WriteTime(Span<byte> to, long ms)
    {
        BinaryPrimitives.WriteUInt16BigEndian(to, (ushort)((ms >> 32) & ushort.MaxValue));
        BinaryPrimitives.WriteUInt32BigEndian(to[2..], (uint)(ms & uint.MaxValue));
    }

    private static long ReadTime(ReadOnlySpan<byte> from) => ((long)BinaryPrimitives.ReadUInt16BigEndian(from) << 32) | BinaryPrimitives.ReadUInt32BigEndian(from[2..]);
}
