namespace Gatehouse.SignIn;

/// <summary>What a new password must be (NIST SP 800-63B, 5.1.1.2: length and known-bad lists rather than kinds of characters).</summary>
public static class PasswordRules
{
    /// <summary>Fewest characters.</summary>
    public const int Least = 8;

    private static readonly HashSet<string> Common = new(StringComparer.OrdinalIgnoreCase)
    {
        "password", "password1", "password12", "password123", "passw0rd", "p@ssw0rd", "p@ssword", "passwort", "passwort1", "motdepasse", "12345678", "123456789", "1234567890", "0123456789", "87654321", "987654321",
        "11111111", "00000000", "88888888", "12341234", "11223344", "123123123", "12121212", "qwertyui", "qwertyuiop", "qwerty123", "qwertz123", "azertyuiop", "1q2w3e4r", "1qaz2wsx", "1q2w3e4r5t", "zaq12wsx", "asdfghjkl",
        "abcdefgh", "abcd1234", "abc12345", "a1b2c3d4", "aa123456", "asdf1234", "iloveyou", "sunshine", "princess", "football", "baseball", "superman", "starwars", "computer", "internet", "trustno1", "whatever", "letmein1",
        "welcome1", "welcome123", "willkommen", "bienvenue", "changeme", "changeit", "admin123", "administrator", "admin1234", "keycloak", "gatehouse", "callcenter", "callcentre", "contactcenter", "contactcentre", "cisco123",
        "ciscocisco", "supervisor", "agent123", "agent1234", "default1", "secret123", "test1234", "testtest", "temp1234", "summer2024", "summer2025", "summer2026", "winter2024", "winter2025", "winter2026",
    };

    /// <summary>Why a password may not be used; null when it may.</summary>
    public static string? Refusal(string password, string username)
    {
        if (password.Length < Least) return $"The password has {password.Length} characters and needs at least {Least}.";
        if (password.Length > Passwords.Longest) return $"The password is longer than {Passwords.Longest} characters.";
        if (password.Contains(username, StringComparison.OrdinalIgnoreCase) && username.Length >= 4) return "The password contains the user name.";
        if (Common.Contains(password) || password.Distinct().Count() < 3) return "The password is among the most common ones.";
        return null;
    }
}
