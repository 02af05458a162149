using System.Security.Cryptography;
using Gatehouse.Wire.Text;

namespace Gatehouse.Terms;

/// <summary>Prefixes of the secrets that this program makes, and their one making: 32 random bytes in <see cref="TokenText"/>'s form. No well-known service uses the same.</summary>
public static class SecretKinds
{
    /// <summary>Refresh token.</summary>
    public const string Refresh = "gtrefresh";

    /// <summary>Authorization code.</summary>
    public const string Code = "gtcode";

    /// <summary>Session cookie.</summary>
    public const string Cookie = "gtcookie";

    /// <summary>Client secret.</summary>
    public const string Client = "gtclient";

    /// <summary>Token of a bot or visitor for one dialog.</summary>
    public const string Dialog = "gtdialog";

    /// <summary>A new secret of a kind.</summary>
    public static string Make(string kind) => TokenText.Create(kind, RandomNumberGenerator.GetBytes(32));

    /// <summary>Whether a text claims to be of a kind.</summary>
    public static bool Is(string text, string kind) => text.Length > kind.Length && text[kind.Length] == '_' && text.StartsWith(kind, StringComparison.Ordinal);

    /// <summary>Whether a text claims to be any secret of this program: it is never shown to anybody else.</summary>
    public static bool IsAny(string text) => Is(text, Refresh) || Is(text, Code) || Is(text, Cookie) || Is(text, Client) || Is(text, Dialog);
}
