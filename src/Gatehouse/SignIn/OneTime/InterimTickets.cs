using System.Buffers.Binary;
using System.Buffers.Text;
using System.Text;
using Gatehouse.Keys;
using Gatehouse.Wire.Text;
using Microsoft.Extensions.Options;

namespace Gatehouse.SignIn.OneTime;

/// <summary>What somebody holds between the first factor and the second: who they are, sealed, for a few minutes. It is no token and opens nothing but the calls of the second factor.</summary>
public sealed class InterimTickets(Sealer sealer, TimeProvider time, IOptions<OneTimeSettings> options)
{
    private const int Longest = 512;

    /// <summary>Makes one.</summary>
    public string Make(string realm, string user)
    {
        var plain = new byte[8 + Encoding.UTF8.GetByteCount(user)];
        BinaryPrimitives.WriteInt64BigEndian(plain, (time.GetUtcNow() + options.Value.Patience).ToUnixTimeMilliseconds());
        Encoding.UTF8.GetBytes(user, plain.AsSpan(8));
        return Base64Url.EncodeToString(sealer.Seal("interim ticket/" + realm, plain));
    }

    /// <summary>The user whose ticket it is; null when it was altered, is another realm's, or is too old.</summary>
    public string? Open(string realm, string ticket)
    {
        if (ticket.Length is 0 or > Longest || !StrictBase64Url.TryDecode(ticket, out var bytes) || !sealer.TryOpen("interim ticket/" + realm, bytes, out var plain) || plain.Length <= 8) return null;
        return BinaryPrimitives.ReadInt64BigEndian(plain) > time.GetUtcNow().ToUnixTimeMilliseconds() ? Encoding.UTF8.GetString(plain.AsSpan(8)) : null;
    }
}
