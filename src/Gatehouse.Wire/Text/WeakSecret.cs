namespace Gatehouse.Wire.Text;

/// <summary>Tells a secret that anybody would guess. What it says holds no part of the secret.</summary>
public static class WeakSecret
{
    private static readonly string[] Known =
    [
        "admin", "authtoken", "changeit", "changeme", "default", "demo", "dev", "example", "gatehouse", "insecure", "letmein", "none", "null", "passw0rd", "password", "placeholder", "play", "playauthtoken",
        "private", "public", "qwerty", "replaceme", "root", "sample", "secret", "secretkey", "sharedsecret", "superpass", "test", "todo", "token", "undefined", "user", "welcome", "xivo", "xivocc", "xivouc", "xxx", "yourtokenhere", "yoursecrethere",
    ];

    /// <summary>Why a secret is weak: empty, one of the values that examples and installers use, all of the same few characters, or shorter than <paramref name="enough"/> characters. Null when nothing was found, which does not make it strong.</summary>
    public static string? Why(string secret, int enough)
    {
        if (secret.Length == 0) return "is empty";
        // "Change-Me-123!" is the same default as "changeme".
        var letters = string.Concat(secret.Where(char.IsAsciiLetter)).ToLowerInvariant();
        if ((Known.Contains(letters) && secret.Length <= letters.Length + 8) || (letters.Length == 0 && secret.Length < 24)) return "is a well-known default, or easily guessed";
        if (secret.Distinct().Take(5).Count() < 5) return "is made of a few characters over and over";
        return secret.Length < enough ? $"is shorter than {enough} characters" : null;
    }
}
