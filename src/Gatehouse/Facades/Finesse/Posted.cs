using System.Text;
using Gatehouse.SignIn;
using Gatehouse.Wire.OAuth;

namespace Gatehouse.Facades.Finesse;

/// <summary>Reads what clients send: forms, bounded and strictly decoded, and the cookie with the name of the person who is to sign in.</summary>
internal static class Posted
{
    /// <summary>The form of a POST.</summary>
    public static async Task<(Parameters? Form, OAuthError? Error)> FormAsync(HttpContext context)
    {
        if (context.Request.ContentType is not { } type || !type.StartsWith("application/x-www-form-urlencoded", StringComparison.OrdinalIgnoreCase)) return (null, OAuthError.InvalidRequest("The body must be application/x-www-form-urlencoded."));
        if (await PatientBody.ReadAsync(context, Parameters.Longest) is not { } body) return (null, OAuthError.InvalidRequest("The request is too long."));

        // Latin-1: every byte a character; bytes above 127 are refused by the parser, for an encoder escapes them.
        return Parameters.TryParse(Encoding.Latin1.GetString(body), out var form, out var error) ? (form, null) : (null, error);
    }

    /// <summary>The name in the cookie <c>cc_username</c>; null when there is none that can be read.</summary>
    public static string? Cookie(HttpContext context)
        => context.Request.Cookies[Vendor.UserName] is { Length: > 0 and <= 255 } text ? text : null;
}
