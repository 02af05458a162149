using System.Text;
using Gatehouse.Wire.OAuth;

namespace Gatehouse.SignIn;

/// <summary>The one reader of forms that pages and browsers post: urlencoded alone (never files), bounded whatever the framing, decoded strictly, no field twice.</summary>
public static class PageForm
{
    /// <summary>Most bytes of a form that a person fills in.</summary>
    public const int Typed = 16 * 1024;

    private const int MostFields = 20;
    private const int LongestName = 64;

    /// <summary>The fields, empty ones absent; null when the body is no such form, is longer than <paramref name="most"/> bytes or takes too long: to be answered as a bad request.</summary>
    public static async ValueTask<Parameters?> ReadAsync(HttpContext context, int most)
    {
        if (!Is(context.Request.ContentType) || await PatientBody.ReadAsync(context, most) is not { } body) return null;

        // Latin-1: every byte a character; bytes above 127 are refused by the parser, for an encoder escapes them.
        if (!Parameters.TryParse(Encoding.Latin1.GetString(body), most, out var fields, out _)) return null;
        return fields.All.Count > MostFields || fields.All.Keys.Any(name => name.Length > LongestName || fields.Each(name).Count > 1) ? null : fields;
    }

    private static bool Is(ReadOnlySpan<char> type)
    {
        var end = type.IndexOf(';');
        return (end < 0 ? type : type[..end]).Trim().Equals("application/x-www-form-urlencoded", StringComparison.OrdinalIgnoreCase);
    }
}
