using Gatehouse.Wire.Jose;

namespace Gatehouse.ResourceServer;

/// <summary>Judges bearer tokens by the issuer's keys, or by asking the issuer. Thread-safe; one for a program.</summary>
public sealed class TokenTrust : IDisposable
{
    private readonly TrustRules rules;
    private readonly TimeProvider time;
    private readonly Asking asking;
    private readonly IssuerKeys keys;
    private readonly Introspector? introspector;

    /// <summary>Throws <see cref="ArgumentException"/> for rules that cannot be. <paramref name="handler"/> reaches the issuer, for tests and site certificates; it must follow no redirects.</summary>
    public TokenTrust(TrustRules rules, TimeProvider? time = null, HttpMessageHandler? handler = null)
    {
        rules.Check();
        (this.rules, this.time, asking) = (rules, time ?? TimeProvider.System, new Asking(handler));
        keys = new IssuerKeys(rules, asking, this.time);
        introspector = rules.Introspection is { } asks ? new Introspector(rules, asks, asking, this.time) : null;
    }

    /// <summary>What the Authorization headers of a request hold: exactly one bearer token (RFC 6750, 2.1). Tokens in addresses and forms count nowhere.</summary>
    public static (string? Token, TokenFault? Fault) Find(IReadOnlyList<string?> authorization)
    {
        if (authorization.Count == 0 || (authorization.Count == 1 && string.IsNullOrEmpty(authorization[0]))) return (null, TokenFault.Missing);
        if (authorization.Count > 1) return (null, TokenFault.Conflict);
        var header = authorization[0]!;
        if (!header.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase)) return (null, TokenFault.Kind);
        var token = header["Bearer ".Length..].Trim(' ');
        if (token.Contains(',', StringComparison.Ordinal)) return (null, TokenFault.Conflict);
        return token.Length > 0 && token.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '.' or '_' or '~' or '+' or '/' or '=') ? (token, null) : (null, TokenFault.Malformed);
    }

    /// <summary>Judges a token.</summary>
    public async ValueTask<Judgement> JudgeAsync(string token, CancellationToken stop = default)
    {
        if (introspector is not null) return await introspector.JudgeAsync(token, stop);
        if (Judgement.Read(token, rules, out var jws, out var claims) is { } fault) return Judgement.No(fault);
        var (key, known) = await keys.FindAsync(jws!.KeyId, jws.Algorithm.Name, stop);
        if (!known) return Judgement.No(TokenFault.Unavailable);
        return key is null || key.Verify(jws) != JoseError.None ? Judgement.No(TokenFault.Signature) : Judgement.Of(claims!, rules, time.GetUtcNow(), mustEnd: true);
    }

    /// <inheritdoc/>
    public void Dispose() => asking.Dispose();
}
