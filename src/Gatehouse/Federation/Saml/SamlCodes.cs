using System.Text;
using Gatehouse.Wire.Saml;

namespace Gatehouse.Federation.Saml;

/// <summary>Stable codes of refusals, for the audit log: <c>bad_signature</c>, <c>wrong_audience</c>, …</summary>
internal static class SamlCodes
{
    /// <summary>Of an error: its name in lower case with underscores.</summary>
    public static string Of(SamlError error)
    {
        var text = new StringBuilder();
        foreach (var c in error.ToString())
        {
            if (char.IsAsciiLetterUpper(c) && text.Length > 0) text.Append('_');
            text.Append(char.ToLowerInvariant(c));
        }

        return text.ToString();
    }

    /// <summary>Of a status with which the provider itself says no.</summary>
    public static string Of(SamlStatus status) => status.Nested is SamlNames.AuthnFailed or SamlNames.RequestDenied or SamlNames.NoPassive ? "access_denied" : "upstream_error";
}
