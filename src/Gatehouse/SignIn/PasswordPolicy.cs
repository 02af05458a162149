namespace Gatehouse.SignIn;

/// <summary>The least a password must be (NIST SP 800-63B, 5.1.1.2): long enough, not the person's own name, not one that everybody tries first. No composition rules: they make passwords worse.</summary>
public static class PasswordPolicy
{
    /// <summary>Fewest characters.</summary>
    public const int Least = 8;

    /// <summary>Most characters: more would only cost hashing time.</summary>
    public const int Most = 256;

    private static readonly HashSet<string> Common = new(StringComparer.OrdinalIgnoreCase)
    {
        "password", "password1", "password12", "password123", "passw0rd", "p@ssw0rd", "p@ssword", "passwort", "passwort1", "motdepasse", "12345678", "123456789", "1234567890", "0123456789", "87654321", "987654321",
        "11111111", "00000000", "88888888", "12341234", "11223344", "123123123", "12121212", "qwertyui", "qwertyuiop", "qwerty123", "qwertz123", "azertyuiop", "1q2w3e4r", "1qaz2wsx", "1q2w3e4r5t", "zaq12wsx", "asdfghjkl",
        "abcdefgh", "abcd1234", "abc12345", "a1b2c3d4", "aa123456", "asdf1234", "iloveyou", "sunshine", "princess", "football", "baseball", "superman", "starwars", "computer", "internet", "trustno1", "whatever", "letmein1",
        "welcome1", "welcome123", "willkommen", "bienvenue", "changeme", "changeit", "admin123", "administrator", "admin1234", "keycloak", "gatehouse", "callcenter", "callcentre", "contactcenter", "contactcentre", "cisco123",
        "c1sco12345", "ciscocisco", "supervisor", "agent123", "agent1234", "default1", "secret123", "test1234", "testtest", "temp1234", "summer2024", "summer2025", "summer2026", "winter2024", "winter2025", "winter2026",
    };

    /// <summary>What is wrong with a password, as a sentence for people; null when nothing is.</summary>
    public static string? Fault(string password, string? username, string? email = null)
    {
        if (password.Length < Least) return $"The password needs at least {Least} characters.";
        if (password.Length > Most) return $"The password may have at most {Most} characters.";
        if (password.Contains('\0', StringComparison.Ordinal)) return "The password contains a character that cannot be typed.";
        if (IsSame(password, username) || IsSame(password, email)) return "The password must not be the user name or the e-mail address.";
        if (password.All(c => c == password[0])) return "The password must not repeat a single character.";
        return Common.Contains(password) ? "The password is one of those that everybody tries first." : null;
    }

    private static bool IsSame(string password, string? name) => name is not null && string.Equals(password, name, StringComparison.OrdinalIgnoreCase);
}
