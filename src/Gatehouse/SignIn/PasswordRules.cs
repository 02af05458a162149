namespace Gatehouse.SignIn;

/// <summary>What a new password must be (NIST SP 800-63B, 5.1.1.2: length and known-bad lists rather than kinds of characters).</summary>
public static class PasswordRules
{
    /// <summary>Fewest characters.</summary>
    public const int Least = 8;

    private static readonly HashSet<string> Common = new(StringComparer.OrdinalIgnoreCase)
    {
        "password", "password1", "password12", "password123", "passw0rd", "12345678", "123456789", "1234567890", "qwertyui", "qwertyuiop", "qwerty123", "iloveyou", "sunshine", "princess",
        "football", "baseball", "welcome1", "welcome123", "letmein1", "admin123", "administrator", "changeme", "changeit", "11111111", "00000000", "87654321", "abcd1234", "1q2w3e4r", "trustno1", "superman", "starwars", "contactcentre", "callcenter",
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
