using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Gatehouse.Wire.OAuth;

/// <summary>Request parameters, form-encoded (RFC 6749, appendix B). Repeating one is refused (3.1, 3.2), but for <c>permission</c>, which Keycloak's clients repeat; empty values count as absent.</summary>
public sealed class Parameters
{
    /// <summary>Longest encoded request, in characters.</summary>
    public const int Longest = 64 * 1024;

    private const int Most = 100;
    private const int MostRepeated = 500;
    private const string Repeatable = "permission";

    private readonly Dictionary<string, string> values;

    private readonly List<string>? repeated;

    private Parameters(Dictionary<string, string> values, List<string>? repeated = null) => (this.values, this.repeated) = (values, repeated);

    /// <summary>No parameters.</summary>
    public static Parameters None { get; } = new([]);

    /// <summary>All parameters.</summary>
    public IReadOnlyDictionary<string, string> All => values;

    /// <summary>A parameter's value; null when absent or empty.</summary>
    public string? this[string name] => values.GetValueOrDefault(name);

    /// <summary>All values of a parameter that may be repeated (<c>permission</c> of the UMA ticket grant), in their order.</summary>
    public IReadOnlyList<string> Each(string name) => name == Repeatable && repeated is not null ? repeated : values.TryGetValue(name, out var one) ? [one] : [];

    /// <summary>Wraps parameters that were read and checked before.</summary>
    public static Parameters Of(IEnumerable<KeyValuePair<string, string>> known) => new(new Dictionary<string, string>(known, StringComparer.Ordinal));

    /// <summary>Parses <c>a=b&amp;c=d</c>; a leading question mark is skipped.</summary>
    public static bool TryParse(ReadOnlySpan<char> encoded, [NotNullWhen(true)] out Parameters? parameters, [NotNullWhen(false)] out OAuthError? error) => TryParse(encoded, Longest, out parameters, out error);

    /// <summary>Parses as <see cref="TryParse(ReadOnlySpan{char}, out Parameters?, out OAuthError?)"/>, of at most <paramref name="longest"/> characters.</summary>
    public static bool TryParse(ReadOnlySpan<char> encoded, int longest, [NotNullWhen(true)] out Parameters? parameters, [NotNullWhen(false)] out OAuthError? error)
    {
        (parameters, error) = (null, null);
        if (encoded.Length > longest)
        {
            error = OAuthError.InvalidRequest("The request is too long.");
            return false;
        }

        if (encoded is ['?', ..]) encoded = encoded[1..];
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        List<string>? repeated = null;
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var range in encoded.Split('&'))
        {
            var pair = encoded[range];
            if (pair.IsEmpty) continue;
            var at = pair.IndexOf('=');
            if (!TryDecode(at < 0 ? pair : pair[..at], out var name) || !TryDecode(at < 0 ? "" : pair[(at + 1)..], out var value))
            {
                error = OAuthError.InvalidRequest("The request is not form-encoded UTF-8.");
                return false;
            }

            if (name == Repeatable)
            {
                if (value.Length == 0) continue;
                (repeated ??= []).Add(value);
                values.TryAdd(name, value);
                if (repeated.Count <= MostRepeated) continue;
                error = OAuthError.InvalidRequest("The request has too many parameters.");
                return false;
            }

            if (!seen.Add(name) || seen.Count > Most)
            {
                error = OAuthError.InvalidRequest(seen.Count > Most ? "The request has too many parameters." : "A parameter stands twice.");
                return false;
            }

            if (value.Length > 0) values[name] = value;
        }

        parameters = new Parameters(values, repeated);
        return true;
    }

    /// <summary>Form-decodes one part strictly; false for broken escapes and invalid UTF-8.</summary>
    public static bool TryDecode(ReadOnlySpan<char> text, [NotNullWhen(true)] out string? decoded)
    {
        decoded = null;
        if (text.IndexOfAny('%', '+') < 0)
        {
            foreach (var c in text)
                if (char.IsSurrogate(c) || c == '\0') return false;
            decoded = text.ToString();
            return true;
        }

        var bytes = new byte[Encoding.UTF8.GetMaxByteCount(text.Length)];
        var length = 0;
        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            if (c == '+') bytes[length++] = (byte)' ';
            else if (c != '%')
            {
                if (c > 127) return false; // an encoder escapes these
                bytes[length++] = (byte)c;
            }
            else
            {
                if (i + 2 >= text.Length || !char.IsAsciiHexDigit(text[i + 1]) || !char.IsAsciiHexDigit(text[i + 2])) return false;
                bytes[length++] = Convert.FromHexString(text.Slice(i + 1, 2))[0];
                i += 2;
            }
        }

        var span = bytes.AsSpan(0, length);
        if (!System.Text.Unicode.Utf8.IsValid(span) || span.Contains((byte)0)) return false;
        decoded = Encoding.UTF8.GetString(span);
        return true;
    }
}
