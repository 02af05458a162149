using System.Buffers.Text;
using System.Text;
using System.Text.Json;
using Gatehouse.Keys;

namespace Gatehouse.Facades.Gadgets;

/// <summary>Who may ask the proxy, and for which gadget: the OpenSocial container's security token (<c>st</c>), sealed. It is good for the proxy alone and holds no right anywhere else.</summary>
internal sealed record SecurityToken(string Realm, string Gadget, string Session, string User, long Until);

/// <summary>Seals and opens security tokens.</summary>
internal sealed class SecurityTokens(Sealer sealer, TimeProvider time)
{
    private const string Purpose = "gadget security token";

    public string Make(SecurityToken token) => Base64Url.EncodeToString(sealer.Seal(Purpose, JsonSerializer.SerializeToUtf8Bytes(token)));

    /// <summary>Null when it is not ours, was altered, or its time is over.</summary>
    public SecurityToken? Open(string? text)
    {
        if (text is not { Length: > 0 and <= 2048 } || !Base64Url.IsValid(text) || text.Contains('=', StringComparison.Ordinal)) return null;
        return sealer.TryOpen(Purpose, Base64Url.DecodeFromChars(text), out var plain) && JsonSerializer.Deserialize<SecurityToken>(Encoding.UTF8.GetString(plain)) is { } token && token.Until > time.GetUtcNow().ToUnixTimeSeconds() ? token : null;
    }
}
