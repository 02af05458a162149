using System.Buffers;
using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Json;
using Gatehouse.Wire.Text;

namespace Gatehouse.Wire.Jose;

/// <summary>
/// A public JWK set (RFC 7517, 5). Keys of unknown type or use, without a member they need, or out of the supported ranges are left out, as the RFC asks: one odd key must not silence an issuer.
/// A set that is ambiguous (duplicate members) or gives a private part away is refused as a whole.
/// </summary>
public sealed class JwkSet(ImmutableArray<Jwk> keys)
{
    /// <summary>The keys, in order.</summary>
    public ImmutableArray<Jwk> Keys { get; } = keys;

    /// <summary>Why keys were left out, in order; for those who want to tell the owner of the set.</summary>
    public ImmutableArray<JoseError> LeftOut { get; private init; } = [];

    /// <summary>Reads a set strictly.</summary>
    public static bool TryParse(ReadOnlyMemory<byte> utf8Json, [NotNullWhen(true)] out JwkSet? set, out JoseError error)
    {
        set = null;
        error = JoseError.Malformed;
        if (!StrictJson.TryParse(utf8Json, Limits.Default, JsonValueKind.Object, out var document, out var fault))
        {
            error = JwkReader.Of(fault);
            return false;
        }

        using (document)
        {
            if (!document.RootElement.TryGetProperty("keys", out var list) || list.ValueKind != JsonValueKind.Array) return false;
            if (list.GetArrayLength() > Limits.Default.Keys)
            {
                error = JoseError.TooLarge;
                return false;
            }

            var keys = ImmutableArray.CreateBuilder<Jwk>();
            var leftOut = ImmutableArray.CreateBuilder<JoseError>();
            foreach (var json in list.EnumerateArray())
            {
                error = JoseError.Malformed;
                if (json.ValueKind != JsonValueKind.Object) return false;
                error = JoseError.PrivateMember;
                if (JwkReader.HasPrivateMember(json)) return false;
                if (Jwk.TryRead(json, out var key, out error)) keys.Add(key);
                else leftOut.Add(error);
            }

            error = JoseError.None;
            set = new JwkSet(keys.ToImmutable()) { LeftOut = leftOut.ToImmutable() };
            return true;
        }
    }

    /// <summary>The key for a token: by key id when the token names one, else the only one that fits the algorithm.</summary>
    public Jwk? Find(string? kid, string algorithm)
    {
        Jwk? only = null;
        foreach (var key in Keys)
        {
            if (!key.Supports(algorithm)) continue;
            if (kid is not null)
            {
                if (key.Kid == kid) return key;
                continue;
            }

            if (only is not null) return null;
            only = key;
        }

        return only;
    }

    /// <summary>The set as JSON, public parts only.</summary>
    public string ToJson()
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            writer.WriteStartArray("keys");
            foreach (var key in Keys) key.Write(writer, includePrivate: false);
            writer.WriteEndArray();
            writer.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }
}
