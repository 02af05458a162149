using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Gatehouse.Dialogs;
using Gatehouse.Keys;
using Gatehouse.Wire.Jose;
using Gatehouse.Wire.Text;
using Microsoft.AspNetCore.DataProtection;

namespace Gatehouse.Bench;

/// <summary>One way to make and open a token that says which dialog it is for.</summary>
/// <param name="Name">For the table.</param>
/// <param name="Mint">Makes one.</param>
/// <param name="Open">Opens it and returns the dialog's id.</param>
public sealed record Peer(string Name, Func<string, string> Mint, Func<string, string?> Open);

/// <summary>The dialog token, and what others would use instead: the same facts, the same clock.</summary>
public static class Peers
{
    private static readonly byte[] Header = Encoding.ASCII.GetBytes(StrictBase64Url.Encode("{\"alg\":\"HS256\",\"typ\":\"JWT\"}"u8) + ".");

    /// <summary>All of them, ours first.</summary>
    public static IReadOnlyList<Peer> All(Dialog dialog) => [Ours(dialog), Hmac(dialog), DataProtection(dialog), Ec(dialog)];

    private static Peer Ours(Dialog dialog)
    {
        var folder = Directory.CreateTempSubdirectory("gatehouse-bench-").FullName;
        var tokens = new DialogTokens(new Sealer(RootKey.Load(new KeysSettings(), folder)), TimeProvider.System);
        Directory.Delete(folder, recursive: true);
        return new Peer("dialog token", id => tokens.Mint("contact-centre", id, dialog, visitor: false), text => tokens.TryOpen("contact-centre", text, out var token) ? token.Id : null);
    }

    // Readable by anybody, so less than ours does; the fastest that a JWT can be.
    private static Peer Hmac(Dialog dialog)
    {
        var key = RandomNumberGenerator.GetBytes(32);
        return new Peer("JWT HS256", id =>
        {
            Span<byte> input = stackalloc byte[512];
            Header.CopyTo(input);
            System.Buffers.Text.Base64Url.EncodeToUtf8(Claims(id, dialog), input[Header.Length..], out _, out var written);
            var length = Header.Length + written;
            Span<byte> mac = stackalloc byte[32];
            HMACSHA256.HashData(key, input[..length], mac);
            input[length++] = (byte)'.';
            System.Buffers.Text.Base64Url.EncodeToUtf8(mac, input[length..], out _, out written);
            return Encoding.ASCII.GetString(input[..(length + written)]);
        }, text =>
        {
            var dot = text.LastIndexOf('.');
            Span<byte> input = stackalloc byte[dot];
            Encoding.ASCII.GetBytes(text.AsSpan(0, dot), input);
            Span<byte> mac = stackalloc byte[32];
            HMACSHA256.HashData(key, input, mac);
            if (!StrictBase64Url.TryDecode(text.AsSpan(dot + 1), out var given) || !CryptographicOperations.FixedTimeEquals(mac, given)) return null;
            return StrictBase64Url.TryDecode(text.AsSpan(Header.Length, dot - Header.Length), out var claims) ? DialogOf(claims) : null;
        });
    }

    // What ASP.NET applications use for tokens of their own: AES-256-CBC and HMAC-SHA-256, each token under a key derived for it.
    private static Peer DataProtection(Dialog dialog)
    {
        var protector = new EphemeralDataProtectionProvider().CreateProtector("dialogs");
        return new Peer("ASP.NET Data Protection", id => protector.Protect(Encoding.UTF8.GetString(Claims(id, dialog))), text => DialogOf(Encoding.UTF8.GetBytes(protector.Unprotect(text))));
    }

    private static Peer Ec(Dialog dialog)
    {
        var key = Jwk.Generate("ES256");
        var (signer, verifier) = (new JoseSigner(key, "ES256"), new JoseVerifier(key));
        return new Peer("JWT ES256 of ours", id => signer.Sign(Claims(id, dialog), "at+jwt"), text => Jws.TryParse(text, Limits.Default, out var jws, out _) && verifier.Verify(jws) == JoseError.None ? DialogOf(jws.Payload) : null);
    }

    private static byte[] Claims(string id, in Dialog dialog)
    {
        using var json = new MemoryStream(256);
        using (var writer = new Utf8JsonWriter(json))
        {
            writer.WriteStartObject();
            writer.WriteString("dialog", id);
            writer.WriteString("project", dialog.Project);
            writer.WriteNumber("iat", TimeProvider.System.GetUtcNow().ToUnixTimeSeconds());
            writer.WriteNumber("start", dialog.StartedAt);
            writer.WriteNumber("exp", dialog.HardUntil / 1000);
            writer.WriteEndObject();
        }

        return json.ToArray();
    }

    private static string? DialogOf(ReadOnlyMemory<byte> claims)
    {
        using var json = JsonDocument.Parse(claims);
        return json.RootElement.GetProperty("dialog").GetString();
    }
}
