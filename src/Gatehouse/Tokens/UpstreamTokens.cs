using System.Buffers;
using System.Buffers.Text;
using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text.Json;
using Gatehouse.Keys;
using Gatehouse.People;
using Gatehouse.Terms;

namespace Gatehouse.Tokens;

/// <summary>Short-lived JWTs that tell an upstream who is asking, for its own audience only. Kept per principal and audience while they are fresh.</summary>
public sealed class UpstreamTokens(Issuers issuers, SigningKeys keys, Realms realms, TimeProvider time)
{
    private const int Most = 50_000;
    private static readonly TimeSpan Life = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Fresh = TimeSpan.FromSeconds(30);

    private readonly ConcurrentDictionary<(Principal, string), (string Token, DateTimeOffset Until)> known = new(new SamePrincipal());

    /// <summary>The value of an Authorization header, <c>Bearer</c> and a JWT signed by <paramref name="realm"/>: <c>aud</c> = <paramref name="audience"/>, roles, groups, <c>azp</c>, <c>sid</c>, life of at most 60 seconds and never beyond the credential's own.</summary>
    public ValueTask<string> MintAsync(Principal principal, string realm, string audience, CancellationToken stop)
        => known.TryGetValue((principal, audience), out var made) && made.Until > time.GetUtcNow() ? ValueTask.FromResult(made.Token) : new ValueTask<string>(SignAsync(principal, realm, audience, stop));

    private async Task<string> SignAsync(Principal principal, string realm, string audience, CancellationToken stop)
    {
        var now = time.GetUtcNow();
        var expires = now + Life < principal.Until ? now + Life : principal.Until;
        var buffer = new ArrayBufferWriter<byte>(1024);
        Write(buffer, principal, issuers.Of(realm), audience, now, expires);
        var signer = await keys.SignerAsync(realm, realms.Find(realm)?.SigningAlgorithm ?? "ES256", stop);
        // Not at+jwt: an upstream that turns round and sends it to the gate must not be taken for the person.
        var token = "Bearer " + signer.Sign(buffer.WrittenSpan, "JWT");
        if (known.Count >= Most) Sweep(now);
        known[(principal, audience)] = (token, now + Fresh < expires ? now + Fresh : expires);
        return token;
    }

    private void Sweep(DateTimeOffset now)
    {
        foreach (var (key, made) in known)
            if (made.Until <= now) known.TryRemove(key, out _);
        if (known.Count >= Most) known.Clear();
    }

    private static void Write(IBufferWriter<byte> buffer, Principal p, string issuer, string audience, DateTimeOffset now, DateTimeOffset expires)
    {
        using var writer = new Utf8JsonWriter(buffer);
        writer.WriteStartObject();
        writer.WriteString("iss", issuer);
        writer.WriteString("aud", audience);
        writer.WriteString("sub", p.Subject);
        writer.WriteString("kind", p.Kind.ToString().ToLowerInvariant());
        writer.WriteNumber("iat", now.ToUnixTimeSeconds());
        writer.WriteNumber("exp", expires.ToUnixTimeSeconds());
        writer.WriteString("jti", Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(12)));
        if (p.Name is not null) writer.WriteString("preferred_username", p.Name);
        if (p.Client is not null) writer.WriteString("azp", p.Client);
        if (p.Client is not null) writer.WriteString("client_id", p.Client);
        if (p.Session is not null) writer.WriteString("sid", p.Session);
        if (p.Gadget is not null) writer.WriteString("gadget", p.Gadget);
        if (p.Dialog is not null) writer.WriteString("dialog", p.Dialog);
        if (p.Issuer is not null && p.Issuer != issuer) writer.WriteString("origin", p.Issuer);
        WriteAll(writer, "roles", p.Roles);
        WriteAll(writer, "groups", p.Groups);
        if (p.Scopes.Count > 0) writer.WriteString("scope", string.Join(' ', p.Scopes));
        writer.WriteEndObject();
    }

    private static void WriteAll(Utf8JsonWriter writer, string name, IReadOnlyCollection<string> values)
    {
        if (values.Count == 0) return;
        writer.WriteStartArray(name);
        foreach (var value in values) writer.WriteStringValue(value);
        writer.WriteEndArray();
    }

    // The gate's cache hands over the same object for the same credential: identity is enough, and costs nothing to compare.
    private sealed class SamePrincipal : IEqualityComparer<(Principal Principal, string Audience)>
    {
        public bool Equals((Principal Principal, string Audience) x, (Principal Principal, string Audience) y) => ReferenceEquals(x.Principal, y.Principal) && x.Audience == y.Audience;

        public int GetHashCode((Principal Principal, string Audience) one) => HashCode.Combine(System.Runtime.CompilerServices.RuntimeHelpers.GetHashCode(one.Principal), one.Audience);
    }
}
