using System.Collections.Concurrent;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Gatehouse.Wire.Jose;
using Gatehouse.Wire.Text;

namespace Gatehouse.ResourceServer;

/// <summary>
/// Asks the issuer about tokens (RFC 7662). An answer is believed for a short time and never past the token's end; one question serves all who show the same token at once; a flood of strangers' tokens becomes no flood of
/// questions. What is remembered is a digest of a token, never the token.
/// </summary>
internal sealed class Introspector(TrustRules rules, IntrospectionRules asks, Asking asking, TimeProvider time)
{
    private const int MostKept = 10_000;
    private const int MostWaiting = 128;

    private readonly AuthenticationHeaderValue? basic = asks.SecretInForm ? null : new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{Uri.EscapeDataString(asks.Client)}:{Uri.EscapeDataString(asks.Secret)}")));
    private readonly ConcurrentDictionary<string, (Judgement Judgement, DateTimeOffset Until)> accepted = new();
    private readonly ConcurrentDictionary<string, (Judgement Judgement, DateTimeOffset Until)> refused = new();
    private readonly ConcurrentDictionary<string, Lazy<Task<Judgement>>> underWay = new();
    private int waiting;

    public async ValueTask<Judgement> JudgeAsync(string token, CancellationToken stop)
    {
        if (IsForeign(token) is { } foreign) return Judgement.No(foreign);
        var digest = Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(token)));
        var now = time.GetUtcNow();
        if ((accepted.TryGetValue(digest, out var kept) && kept.Until > now) || (refused.TryGetValue(digest, out kept) && kept.Until > now)) return kept.Judgement;
        if (Volatile.Read(ref waiting) >= MostWaiting) return Judgement.No(TokenFault.Unavailable);
        return await underWay.GetOrAdd(digest, static (key, all) => new Lazy<Task<Judgement>>(() => all.Me.AskAsync(key, all.token)), (Me: this, token)).Value.WaitAsync(stop);
    }

    /// <summary>What an answer says.</summary>
    internal static Judgement Read(ReadOnlyMemory<byte> body, TrustRules rules, DateTimeOffset now)
    {
        if (!JwtClaims.TryParse(body, Limits.Default, out var claims, out _)) return Judgement.No(TokenFault.Unavailable);
        if (claims.Member("active") is not { ValueKind: JsonValueKind.True }) return Judgement.No(TokenFault.Revoked);
        // Refresh tokens and ID tokens are active too, and no access tokens.
        if (claims.Member("token_type") is { } kind && !(kind.ValueKind == JsonValueKind.String && kind.GetString()!.Equals("Bearer", StringComparison.OrdinalIgnoreCase))) return Judgement.No(TokenFault.Type);
        if (claims.Member("typ") is { } type && !(type.ValueKind == JsonValueKind.String && type.GetString()!.Equals("Bearer", StringComparison.OrdinalIgnoreCase))) return Judgement.No(TokenFault.Type);
        if (claims.Issuer is { } issuer && issuer != rules.Issuer) return Judgement.No(TokenFault.Issuer);
        return Judgement.Of(claims, rules, now, mustEnd: false);
    }

    // Another issuer's token is shown to nobody who could use it.
    private TokenFault? IsForeign(string token)
    {
        if (token.Length > Limits.Default.TokenChars) return TokenFault.Malformed;
        if (token.Count(c => c == '.') != 2) return null;
        return Jws.TryParse(token, Limits.Default, out var jws, out _) && JwtClaims.TryParse(jws.Payload, Limits.Default, out var claims, out _) && claims.Issuer is { } issuer && issuer != rules.Issuer ? TokenFault.Issuer : null;
    }

    private async Task<Judgement> AskAsync(string digest, string token)
    {
        Interlocked.Increment(ref waiting);
        try
        {
            List<KeyValuePair<string, string>> form = [new("token", token), new("token_type_hint", "access_token")];
            if (basic is null) form.AddRange([new("client_id", asks.Client), new("client_secret", asks.Secret)]);
            if (await Task.Run(() => asking.PostAsync(asks.Endpoint, basic, form)) is not { } body) return Judgement.No(TokenFault.Unavailable);
            var now = time.GetUtcNow();
            var judgement = Read(body, rules, now);
            // Nothing was decided: asked again the next time.
            if (ReferenceEquals(judgement.Fault, TokenFault.Unavailable)) return judgement;
            var until = now + asks.Cache;
            if (judgement.Holder?.ExpiresAt is { } ends && ends + rules.Skew < until) until = ends + rules.Skew;
            // Kept apart: guesses push no good one out.
            var into = judgement.Holder is null ? refused : accepted;
            if (into.Count >= MostKept) Sweep(into, now);
            into[digest] = (judgement, until);
            return judgement;
        }
        finally
        {
            Interlocked.Decrement(ref waiting);
            underWay.TryRemove(digest, out _);
        }
    }

    private static void Sweep(ConcurrentDictionary<string, (Judgement Judgement, DateTimeOffset Until)> all, DateTimeOffset now)
    {
        foreach (var (key, one) in all)
            if (one.Until <= now) all.TryRemove(key, out _);
        if (all.Count >= MostKept) all.Clear();
    }
}
