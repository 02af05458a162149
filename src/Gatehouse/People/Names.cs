using System.Globalization;
using System.Text;

namespace Gatehouse.People;

/// <summary>What may be a name. One spelling per person: lower-case, composed, nothing invisible.</summary>
public static class Names
{
    /// <summary>Longest name of a user, group or role, in characters.</summary>
    public const int Longest = 255;

    /// <summary>Lower-case NFKC form, trimmed: look-alike spellings of compatibility characters fall together. Text that no name can hold becomes U+FFFD, which is no name either.</summary>
    public static string Fold(string name) => Storage.StoredText.IsSound(name) ? name.Trim().Normalize(NormalizationForm.FormKC).ToLowerInvariant() : "\uFFFD";

    /// <summary>Escapes LIKE's own characters (escape character is a backslash) and folds.</summary>
    public static string Like(string text) => Escape(Fold(text));

    /// <summary>Escapes LIKE's own characters.</summary>
    public static string Escape(string text) => text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("%", "\\%", StringComparison.Ordinal).Replace("_", "\\_", StringComparison.Ordinal);

    /// <summary>Whether a text may be a user name: 1 to 255 visible characters in folded form, no white space at the ends, no control or format characters.</summary>
    public static bool IsUserName(string name) => name.Length is > 0 and <= Longest && Fold(name) == name && IsPlain(name);

    /// <summary>Whether a text may be a group's or role's name: as users', but upper case counts; groups have no slash.</summary>
    public static bool IsLabel(string name) => name.Length is > 0 and <= Longest && name.Trim() == name && IsPlain(name);

    /// <summary>Whether a text may be an e-mail address here: plain, with one @ inside.</summary>
    public static bool IsEmail(string email) => email.Length <= Longest && IsPlain(email) && email.Count(c => c == '@') == 1 && email[0] != '@' && email[^1] != '@';

    /// <summary>Whether a text may be a first or last name.</summary>
    public static bool IsPersonal(string? part) => part is { Length: > 0 and <= Longest } && IsPlain(part);

    /// <summary>Throws <see cref="ArgumentException"/> with a message for people when a user's members are not as they must be.</summary>
    public static void AssertUser(User user)
    {
        if (!IsUserName(user.Username)) throw new ArgumentException($"The user name must have 1 to {Longest} visible characters, in lower case.");
        if (user.Email is { } email && !IsEmail(email)) throw new ArgumentException("The e-mail address is not valid.");
        foreach (var part in new[] { user.FirstName, user.LastName })
            if (part is not null && (part.Length > Longest || !IsPlain(part))) throw new ArgumentException($"First and last name have at most {Longest} visible characters.");
        AssertAttributes(user.Attributes);
    }

    /// <summary>Throws <see cref="ArgumentException"/> when free attributes are too many, too long or cannot be stored.</summary>
    public static void AssertAttributes(System.Collections.Immutable.ImmutableDictionary<string, System.Collections.Immutable.ImmutableArray<string>> attributes)
    {
        if (attributes.Count > 200 || attributes.Any(one => one.Key.Length > Longest || one.Value.Sum(value => value.Length) > 8192)) throw new ArgumentException("There are too many attributes, or one is too long (8192 characters).");
        if (attributes.Any(one => !Storage.StoredText.IsSound(one.Key) || one.Value.Any(value => !Storage.StoredText.IsSound(value)))) throw new ArgumentException("An attribute has characters that cannot be stored.");
    }

    private static bool IsPlain(string text)
    {
        foreach (var rune in text.EnumerateRunes())
        {
            if (rune == Rune.ReplacementChar) return false;
            if (Rune.GetUnicodeCategory(rune) is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator) return false;
        }

        return true;
    }
}
