using System.Buffers;
using System.Text.Json;

namespace Gatehouse.Tokens;

/// <summary>Claims of an ID token (OpenID Connect Core, 2 and 3.1.3.6).</summary>
public static class IdClaims
{
    /// <summary>Writes the claims set.</summary>
    public static void Write(IBufferWriter<byte> buffer, Subject s, string accessTokenHash)
    {
        using var writer = new Utf8JsonWriter(buffer);
        var a = s.Authorization;
        writer.WriteStartObject();
        writer.WriteNumber("exp", s.Expires.ToUnixTimeSeconds());
        writer.WriteNumber("iat", s.IssuedAt.ToUnixTimeSeconds());
        if (a.AuthenticatedAt is { } at) writer.WriteNumber("auth_time", at.ToUnixTimeSeconds());
        writer.WriteString("iss", s.Issuer);
        writer.WriteString("aud", a.Client.ClientId);
        writer.WriteString("sub", s.Id);
        writer.WriteString("typ", "ID");
        writer.WriteString("azp", a.Client.ClientId);
        if (a.Nonce is { } nonce) writer.WriteString("nonce", nonce);
        if (a.Session is { } session) writer.WriteString("sid", session.Id);
        writer.WriteString("at_hash", accessTokenHash);
        if (a.Level is { } level) writer.WriteString("acr", level);
        if (a.Session is { Methods.Count: > 0 } proven)
        {
            writer.WriteStartArray("amr");
            foreach (var method in proven.Methods) writer.WriteStringValue(method);
            writer.WriteEndArray();
        }

        Profile.Write(writer, s.User!, a.Scopes);
        writer.WriteEndObject();
    }
}
