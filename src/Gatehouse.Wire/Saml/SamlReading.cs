using System.Globalization;
using System.Xml;

namespace Gatehouse.Wire.Saml;

/// <summary>What all readers of SAML documents share. Everything here throws a refusal rather than guess.</summary>
internal static class SamlReading
{
    private static readonly string[] Forms = ["yyyy-MM-ddTHH:mm:ssZ", "yyyy-MM-ddTHH:mm:ss.FFFFFFFZ", "yyyy-MM-ddTHH:mm:sszzz", "yyyy-MM-ddTHH:mm:ss.FFFFFFFzzz"];

    /// <summary>A message of the wanted name, SAML 2.0, with ID.</summary>
    public static void Root(SamlElement root, string @namespace, string name)
    {
        if (!root.Is(@namespace, name)) throw new SamlException(SamlError.WrongMessage);
        if (root["Version"] != "2.0") throw new SamlException(SamlError.WrongVersion);
        Required(root, "ID");
    }

    public static string Required(SamlElement element, string attribute) => element[attribute] is { Length: > 0 and <= 1024 } value ? value : throw new SamlException(SamlError.Malformed);

    public static SamlElement Required(SamlElement element, string @namespace, string name) => element.Only(@namespace, name) ?? throw new SamlException(SamlError.Malformed);

    public static DateTimeOffset RequiredTime(SamlElement element, string attribute) => Time(element, attribute) ?? throw new SamlException(SamlError.Malformed);

    /// <summary>A time of an attribute; it must say its zone, since a local time here is another one there (Core, 1.3.3).</summary>
    public static DateTimeOffset? Time(SamlElement element, string attribute)
    {
        if (element[attribute] is not { } text) return null;
        text = text.Trim();

        // Some write nanoseconds; .NET counts to a tenth of a microsecond.
        var dot = text.IndexOf('.', StringComparison.Ordinal);
        if (dot > 0 && text.Length <= 64)
        {
            var end = dot + 1;
            while (end < text.Length && char.IsAsciiDigit(text[end])) end++;
            if (end == dot + 1) throw new SamlException(SamlError.Malformed);
            if (end - dot > 8) text = string.Concat(text.AsSpan(0, dot + 8), text.AsSpan(end));
        }

        return DateTimeOffset.TryParseExact(text, Forms, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) ? time.ToUniversalTime() : throw new SamlException(SamlError.Malformed);
    }

    public static bool? Flag(SamlElement element, string attribute) => element[attribute]?.Trim() switch
    {
        null => null,
        "true" or "1" => true,
        "false" or "0" => false,
        _ => throw new SamlException(SamlError.Malformed),
    };

    public static int? Number(SamlElement element, string attribute)
        => element[attribute] is not { } text ? null : ushort.TryParse(text.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : throw new SamlException(SamlError.Malformed);

    public static TimeSpan? Duration(SamlElement element, string attribute)
    {
        if (element[attribute] is not { } text) return null;
        try
        {
            return XmlConvert.ToTimeSpan(text.Trim());
        }
        catch (Exception odd) when (odd is FormatException or OverflowException)
        {
            throw new SamlException(SamlError.Malformed);
        }
    }

    /// <summary>The issuer; null when absent.</summary>
    public static string? Issuer(SamlElement root)
    {
        if (root.Only(SamlNames.Assertion, "Issuer") is not { } issuer) return null;
        if (issuer["Format"] is { } format && format != SamlNames.EntityName) throw new SamlException(SamlError.WrongIssuer);
        return issuer.Value() is { Length: > 0 and <= 1024 } name ? name : throw new SamlException(SamlError.WrongIssuer);
    }

    public static SamlStatus Status(SamlElement root)
    {
        var status = Required(root, SamlNames.Protocol, "Status");
        var code = Required(status, SamlNames.Protocol, "StatusCode");
        return new SamlStatus(Required(code, "Value"), code.Only(SamlNames.Protocol, "StatusCode")?["Value"], status.Only(SamlNames.Protocol, "StatusMessage")?.Value());
    }

    public static bool IsAddress(string? text) => Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Scheme is "https" or "http" && uri.UserInfo.Length == 0 && uri.Fragment.Length == 0;
}
