using System.Net;
using System.Security.Cryptography;
using System.Text;
using Gatehouse.Audit;
using Gatehouse.Terms;

namespace Gatehouse.Gateway;

/// <summary>
/// Wrong values of shared secrets, by address (an IPv6 client by its /64). Different values count, not attempts: a client that was left with an old value sends the same one for ever, and must not lock out its neighbours;
/// whoever guesses sends another one each time. After ten within a minute nothing from there counts for a minute, the right value included.
/// </summary>
public sealed class Guesses
{
    /// <summary>How long an address rests after too many guesses.</summary>
    public static readonly TimeSpan Rest = TimeSpan.FromMinutes(1);

    private const int Most = 10;

    private readonly byte[] key = RandomNumberGenerator.GetBytes(HMACSHA256.HashSizeInBytes);
    private readonly Generations<UInt128, Suspect> suspects = new(10_000);

    /// <summary>Whether an address guessed too much of late.</summary>
    public bool IsOver(IPAddress? address, DateTimeOffset now) => suspects.Find(RateLimits.NetworkOf(address))?.IsOver(now) == true;

    /// <summary>Notes a wrong value.</summary>
    public void Note(IPAddress? address, Secret wrong, DateTimeOffset now)
        => suspects.FindOrKeep(RateLimits.NetworkOf(address), static _ => new Suspect()).Note(BitConverter.ToUInt64(HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(wrong.Reveal()))), now);

    private sealed class Suspect
    {
        private readonly Lock noting = new();
        private readonly HashSet<ulong> different = [];
        private DateTimeOffset since;
        private DateTimeOffset until;

        public bool IsOver(DateTimeOffset now)
        {
            lock (noting) return now < until;
        }

        public void Note(ulong value, DateTimeOffset now)
        {
            lock (noting)
            {
                if (now - since > Rest)
                {
                    since = now;
                    different.Clear();
                }

                if (different.Count < Most && !different.Add(value)) return;
                if (different.Count >= Most) until = now + Rest;
            }
        }
    }
}
