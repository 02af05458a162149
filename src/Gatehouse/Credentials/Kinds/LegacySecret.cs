using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using Gatehouse.Terms;

namespace Gatehouse.Credentials.Kinds;

/// <summary>
/// A secret that many share, compared with every value that is alive now: digests under a key of this process, all of them each time, in constant time. One object lives as long as the secret is registered,
/// so that connections opened with a value end when that value does.
/// </summary>
public sealed class LegacySecret(string realm, string name, TimeProvider time) : ICredentialVerifier
{
    private readonly byte[] key = RandomNumberGenerator.GetBytes(HMACSHA256.HashSizeInBytes);
    private volatile State state = new([], DateTimeOffset.MinValue);

    /// <summary>Name under which it is registered.</summary>
    public string Name => name;

    /// <summary>Instant from which it counts no more.</summary>
    public DateTimeOffset Until => state.Until;

    /// <summary>The current value, for upstreams that compare it themselves; null when none is alive.</summary>
    public Secret? First => state.Alive is [var first, ..] ? first.Value : null;

    /// <summary>Takes the values that count from now on, the current one first; none ends it.</summary>
    public void Take(IReadOnlyList<Secret> values, IEnumerable<string> roles, DateTimeOffset until)
    {
        var before = state.Alive;
        var held = System.Collections.Frozen.FrozenSet.ToFrozenSet(roles);
        var alive = values.Select((value, at) => new Alive(value, Digest(value), new Principal
        {
            Realm = realm, Subject = "legacy:" + name, Kind = PrincipalKind.Legacy, Name = "legacy:" + name, Roles = held, Until = until,
            // Tells the values apart without telling anything of them.
            TokenId = before.FirstOrDefault(one => one.Value.Equals(value))?.Principal.TokenId ?? Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(12)),
        }));
        state = new State([.. alive], until);
    }

    /// <summary>Who a value proves to be, its end not asked; null when it is none of those alive.</summary>
    public Principal? Find(Secret sent)
    {
        var digest = Digest(sent);
        Principal? found = null;
        // No early exit: the time tells neither whether nor which.
        foreach (var one in state.Alive)
            if (CryptographicOperations.FixedTimeEquals(digest, one.Digest)) found = one.Principal;
        return found;
    }

    /// <summary>Whether a principal came by the current value, not by one that is on its way out.</summary>
    public bool IsCurrent(Principal principal) => state.Alive is [var first, ..] && first.Principal.TokenId == principal.TokenId;

    /// <inheritdoc/>
    public ValueTask<Verdict> VerifyAsync(Credential credential, CancellationToken stop)
        => new(Find(credential.Value) is not { } principal ? new Verdict.Rejected(Reasons.TokenSecret) : time.GetUtcNow() < state.Until ? new Verdict.Accepted(principal) : new Verdict.Rejected(Reasons.TokenSecretOver));

    /// <inheritdoc/>
    public bool StillStands(Principal principal)
    {
        var now = state;
        foreach (var one in now.Alive)
            if (one.Principal.TokenId == principal.TokenId) return time.GetUtcNow() < now.Until;
        return false;
    }

    /// <inheritdoc/>
    public ValueTask<bool> LivesAsync(Principal principal, Credential credential, CancellationToken stop) => ValueTask.FromResult(StillStands(principal));

    private byte[] Digest(Secret value) => HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(value.Reveal()));

    private sealed record Alive(Secret Value, byte[] Digest, Principal Principal);

    private sealed record State(ImmutableArray<Alive> Alive, DateTimeOffset Until);
}
