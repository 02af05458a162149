using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using Gatehouse.Wire.Text;

namespace Gatehouse.Wire.Jose;

/// <summary>A JWT's claims set (RFC 7519, 4), read strictly: registered claims have their type or the whole set is refused.</summary>
public sealed class JwtClaims
{
    // Year 9999: later instants do not exist for DateTimeOffset, and nobody issues them in good faith.
    private const double LatestSeconds = 253402300799;

    private readonly JsonElement json;

    private JwtClaims(JsonElement json) => this.json = json;

    /// <summary><c>iss</c>.</summary>
    public string? Issuer { get; private init; }

    /// <summary><c>sub</c>.</summary>
    public string? Subject { get; private init; }

    /// <summary><c>jti</c>.</summary>
    public string? Id { get; private init; }

    /// <summary><c>aud</c>, one or many.</summary>
    public ImmutableArray<string> Audience { get; private init; } = [];

    /// <summary><c>exp</c>, seconds since 1970; fractions are cut.</summary>
    public long? ExpiresAt { get; private init; }

    /// <summary><c>nbf</c>, seconds since 1970.</summary>
    public long? NotBefore { get; private init; }

    /// <summary><c>iat</c>, seconds since 1970.</summary>
    public long? IssuedAt { get; private init; }

    /// <summary>Reads claims strictly; never throws.</summary>
    public static bool TryParse(ReadOnlyMemory<byte> payload, Limits limits, [NotNullWhen(true)] out JwtClaims? claims, out JoseError error)
    {
        claims = null;
        error = JoseError.Malformed;
        if (!StrictJson.TryParse(payload, limits, JsonValueKind.Object, out var document, out var fault))
        {
            error = JwkReader.Of(fault);
            return false;
        }

        using (document)
        {
            var json = document.RootElement.Clone();
            if (!JwkReader.Text(json, "iss", out var iss) || !JwkReader.Text(json, "sub", out var sub) || !JwkReader.Text(json, "jti", out var jti)) return false;
            if (!Seconds(json, "exp", out var exp) || !Seconds(json, "nbf", out var nbf) || !Seconds(json, "iat", out var iat)) return false;
            if (!TryTexts(json, "aud", out var audience)) return false;
            claims = new JwtClaims(json) { Issuer = iss, Subject = sub, Id = jti, ExpiresAt = exp, NotBefore = nbf, IssuedAt = iat, Audience = audience };
            error = JoseError.None;
            return true;
        }
    }

    /// <summary>A text claim; null when absent or of another type.</summary>
    public string? Text(string name) => json.TryGetProperty(name, out var member) && member.ValueKind == JsonValueKind.String ? member.GetString() : null;

    /// <summary>A claim that is a text or a list of texts; empty when absent or of another type.</summary>
    public ImmutableArray<string> Texts(string name) => TryTexts(json, name, out var texts) ? texts : [];

    /// <summary>A time claim such as <c>auth_time</c>; null when absent or absurd.</summary>
    public long? Time(string name) => Seconds(json, name, out var seconds) ? seconds : null;

    /// <summary>Any claim; null when absent.</summary>
    public JsonElement? Member(string name) => json.TryGetProperty(name, out var member) ? member : null;

    /// <summary>The whole set.</summary>
    public JsonElement All => json;

    private static bool TryTexts(JsonElement json, string name, out ImmutableArray<string> texts)
    {
        texts = [];
        if (!json.TryGetProperty(name, out var member)) return true;
        if (member.ValueKind == JsonValueKind.String)
        {
            texts = [member.GetString()!];
            return true;
        }

        if (member.ValueKind != JsonValueKind.Array) return false;
        var list = ImmutableArray.CreateBuilder<string>(member.GetArrayLength());
        foreach (var one in member.EnumerateArray())
        {
            if (one.ValueKind != JsonValueKind.String) return false;
            list.Add(one.GetString()!);
        }

        texts = list.ToImmutable();
        return true;
    }

    private static bool Seconds(JsonElement json, string name, out long? seconds)
    {
        seconds = null;
        if (!json.TryGetProperty(name, out var member)) return true;
        if (member.ValueKind != JsonValueKind.Number || !member.TryGetDouble(out var value) || double.IsNaN(value) || value is < 0 or > LatestSeconds) return false;
        seconds = (long)Math.Floor(value);
        return true;
    }
}
