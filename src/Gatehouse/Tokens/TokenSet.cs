using System.Buffers;
using System.Text.Json;

namespace Gatehouse.Tokens;

/// <summary>A token answer (RFC 6749, 5.1), with Keycloak's additional members.</summary>
public sealed record TokenSet
{
    /// <summary>Access token, a JWT (RFC 9068).</summary>
    public required string AccessToken { get; init; }

    /// <summary>Life of the access token, seconds.</summary>
    public required int ExpiresIn { get; init; }

    /// <summary>Refresh token, opaque.</summary>
    public string? RefreshToken { get; init; }

    /// <summary>Life of the refresh token, seconds; 0 means until the session ends.</summary>
    public int RefreshExpiresIn { get; init; }

    /// <summary>ID token.</summary>
    public string? IdToken { get; init; }

    /// <summary>Granted scope.</summary>
    public required string Scope { get; init; }

    /// <summary>Session id, as Keycloak sends it.</summary>
    public string? SessionState { get; init; }

    /// <summary>What was issued, in an answer to a token exchange (RFC 8693, 2.2.1); null otherwise.</summary>
    public string? IssuedType { get; init; }

    /// <summary>The answer's body.</summary>
    public ReadOnlyMemory<byte> ToJson()
    {
        var buffer = new ArrayBufferWriter<byte>(2048);
        using var writer = new Utf8JsonWriter(buffer);
        writer.WriteStartObject();
        writer.WriteString("access_token", AccessToken);
        writer.WriteNumber("expires_in", ExpiresIn);
        writer.WriteNumber("refresh_expires_in", RefreshExpiresIn);
        if (RefreshToken is not null) writer.WriteString("refresh_token", RefreshToken);
        writer.WriteString("token_type", "Bearer");
        if (IssuedType is not null) writer.WriteString("issued_token_type", IssuedType);
        if (IdToken is not null) writer.WriteString("id_token", IdToken);
        writer.WriteNumber("not-before-policy", 0);
        if (SessionState is not null) writer.WriteString("session_state", SessionState);
        writer.WriteString("scope", Scope);
        writer.WriteEndObject();
        writer.Flush();
        return buffer.WrittenMemory;
    }
}
