using System.Collections.Immutable;
using System.Formats.Asn1;
using System.Security.Cryptography.X509Certificates;

namespace Gatehouse.Federation.Certificates;

/// <summary>Makes a person of a certificate that was found good.</summary>
internal static class CertificatePerson
{
    private static readonly Dictionary<string, string> Known = new()
    {
        ["2.5.4.3"] = "CN", ["2.5.4.4"] = "SN", ["2.5.4.42"] = "GN", ["2.5.4.5"] = "serialNumber", ["2.5.4.10"] = "O", ["2.5.4.11"] = "OU", ["2.5.4.6"] = "C", ["2.5.4.7"] = "L", ["2.5.4.8"] = "ST", ["2.5.4.12"] = "title",
        ["0.9.2342.19200300.100.1.1"] = "UID", ["0.9.2342.19200300.100.1.25"] = "DC", ["1.2.840.113549.1.9.1"] = "E",
    };

    /// <summary>The person; null when the certificate lacks what is the stable id.</summary>
    public static UpstreamIdentity? Of(X509Certificate2 certificate, string subject, string username)
    {
        var parts = Parts(certificate);
        string? One(string name) => parts.GetValueOrDefault(name, []).LastOrDefault();
        var (email, upn) = (Text(certificate, X509NameType.EmailName) ?? One("E"), Text(certificate, X509NameType.UpnName));
        string? Named(string what) => what switch
        {
            "dn" => certificate.Subject is { Length: > 0 } dn ? dn : null,
            "serial" => $"{certificate.SerialNumber} {certificate.Issuer}",
            "email" => email?.ToLowerInvariant(),
            "upn" => upn,
            "uid" => One("UID"),
            _ => One("CN"),
        };
        return Named(subject) is not { Length: > 0 } id ? null : new UpstreamIdentity
        {
            Subject = id, Username = Named(username), Email = email, EmailVerified = email is not null, FirstName = One("GN"), LastName = One("SN"), Groups = parts.GetValueOrDefault("OU", []), Attributes = parts.SetItem("dn", [certificate.Subject]), Methods = ["swk"],
        };
    }

    // By type, never by the printed name: a value with a comma in it would look like another part.
    private static ImmutableDictionary<string, ImmutableArray<string>> Parts(X509Certificate2 certificate)
    {
        var all = ImmutableDictionary.CreateBuilder<string, ImmutableArray<string>>(StringComparer.Ordinal);
        foreach (var part in certificate.SubjectName.EnumerateRelativeDistinguishedNames())
        {
            if (part.HasMultipleElements || part.GetSingleElementType().Value is not { } type || !Known.TryGetValue(type, out var name)) continue;
            if (Value(part) is { Length: > 0 } value) all[name] = all.GetValueOrDefault(name, []).Add(value);
        }

        return all.ToImmutable();
    }

    private static string? Value(X500RelativeDistinguishedName part)
    {
        try
        {
            return part.GetSingleElementValue();
        }
        catch (Exception odd) when (odd is AsnContentException or System.Security.Cryptography.CryptographicException)
        {
            return null;
        }
    }

    private static string? Text(X509Certificate2 certificate, X509NameType type) => certificate.GetNameInfo(type, forIssuer: false) is { Length: > 0 } text ? text : null;
}
