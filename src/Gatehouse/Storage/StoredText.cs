namespace Gatehouse.Storage;

/// <summary>What text the databases hold: PostgreSQL refuses NUL, and a lone surrogate has no UTF-8 form.</summary>
public static class StoredText
{
    /// <summary>Whether a text can be stored, and therefore found.</summary>
    public static bool IsSound(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == '\0') return false;
            if (!char.IsSurrogate(text[i])) continue;
            if (i + 1 >= text.Length || !char.IsSurrogatePair(text[i], text[i + 1])) return false;
            i++;
        }

        return true;
    }

    /// <summary>The text made fit for a record of what a stranger sent: control characters and lone surrogates become U+FFFD, and it is cut to <paramref name="most"/> characters.</summary>
    public static string Clean(string text, int most)
    {
        if (text.Length <= most && text.AsSpan().IndexOfAnyExceptInRange(' ', '~') < 0) return text;
        if (text.Length <= most && IsSound(text) && !text.Any(char.IsControl)) return text;
        var kept = new System.Text.StringBuilder(Math.Min(text.Length, most));
        foreach (var rune in text.EnumerateRunes())
        {
            if (kept.Length + rune.Utf16SequenceLength > most) break;
            kept.Append(System.Text.Rune.IsControl(rune) ? "\uFFFD" : rune.ToString());
        }

        return kept.ToString();
    }
}
