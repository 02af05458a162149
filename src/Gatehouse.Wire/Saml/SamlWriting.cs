using System.Globalization;
using System.Security.Cryptography;
using System.Xml;

namespace Gatehouse.Wire.Saml;

/// <summary>What all writers of SAML documents share.</summary>
public static class SamlWriting
{
    /// <summary>A new ID that nobody can guess: 128 bits, and a name in XML's sense.</summary>
    public static string NewId() => "_" + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));

    internal static string Time(DateTimeOffset time) => time.ToUniversalTime().ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

    internal static string? Time(DateTimeOffset? time) => time is { } known ? Time(known) : null;

    internal static string? Flag(bool? flag) => flag is { } known ? known ? "true" : "false" : null;

    /// <summary>A text without the characters that XML has no way to write; what stood there is marked.</summary>
    internal static string Clean(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (XmlConvert.IsXmlChar(text[i])) continue;
            if (i + 1 < text.Length && XmlConvert.IsXmlSurrogatePair(text[i + 1], text[i])) i++;
            else return Clean(string.Concat(text.AsSpan(0, i), "\uFFFD", text.AsSpan(i + 1)));
        }

        return text;
    }

    internal static SamlElement P(string name) => new("samlp", name, SamlNames.Protocol);

    internal static SamlElement A(string name) => new("saml", name, SamlNames.Assertion);

    internal static SamlElement Message(string name, string id, DateTimeOffset issued, string? destination, string issuer)
        => P(name).Declare("samlp", SamlNames.Protocol).Declare("saml", SamlNames.Assertion)
            .With("ID", id).With("Version", "2.0").With("IssueInstant", Time(issued)).With("Destination", destination).Add(A("Issuer").Add(issuer));

    internal static SamlElement Status(SamlStatus status)
    {
        var code = P("StatusCode").With("Value", status.Code);
        if (status.Nested is not null) code.Add(P("StatusCode").With("Value", status.Nested));
        var element = P("Status").Add(code);
        return status.Message is null ? element : element.Add(P("StatusMessage").Add(status.Message));
    }
}
