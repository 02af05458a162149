using System.Collections.Frozen;
using System.Globalization;
using System.Text.Json;
using Microsoft.Net.Http.Headers;

namespace Gatehouse.Portal;

/// <summary>The pages' words in English, French and German. All languages have the same keys: a test sees to it.</summary>
public sealed class Words
{
    /// <summary>Languages at hand; the first is the fallback.</summary>
    public static readonly IReadOnlyList<string> Languages = ["en", "fr", "de"];

    private readonly FrozenDictionary<string, FrozenDictionary<string, string>> all = Languages.ToFrozenDictionary(language => language, Read);

    /// <summary>Keys of a language.</summary>
    public IEnumerable<string> KeysOf(string language) => all[language].Keys;

    /// <summary>The language: what the application asked for (<c>ui_locales</c>), then what the browser prefers, then English.</summary>
    public static string Choose(string? uiLocales, string? acceptLanguage)
    {
        foreach (var asked in (uiLocales ?? "").Split(' ', StringSplitOptions.RemoveEmptyEntries))
            if (Known(asked) is { } language) return language;
        if (acceptLanguage is { Length: > 0 and < 1024 } && StringWithQualityHeaderValue.TryParseList([acceptLanguage], out var preferred))
            foreach (var one in preferred.Where(one => one.Quality is null or > 0).OrderByDescending(one => one.Quality ?? 1))
                if (Known(one.Value.ToString()) is { } language) return language;
        return Languages[0];
    }

    /// <summary>Whether there is such a text.</summary>
    public bool Has(string language, string key) => all[language].ContainsKey(key);

    /// <summary>A text, with its placeholders filled.</summary>
    public string Of(string language, string key, params object[] values) => values.Length == 0 ? all[language][key] : string.Format(CultureInfo.InvariantCulture, all[language][key], values);

    private static string? Known(string tag) => Languages.FirstOrDefault(language => tag.StartsWith(language, StringComparison.OrdinalIgnoreCase) && (tag.Length == language.Length || tag[language.Length] == '-'));

    private static FrozenDictionary<string, string> Read(string language)
    {
        using var stream = typeof(Words).Assembly.GetManifestResourceStream($"words/{language}.json") ?? throw new InvalidOperationException($"The words of '{language}' are missing from this build.");
        return JsonSerializer.Deserialize<Dictionary<string, string>>(stream)!.ToFrozenDictionary();
    }
}
