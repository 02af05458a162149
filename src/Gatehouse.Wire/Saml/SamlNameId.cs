namespace Gatehouse.Wire.Saml;

/// <summary>A name identifier (Core, 2.2.3). Two are the same person only when value and both qualifiers are.</summary>
/// <param name="Value">The name.</param>
/// <param name="Format">Format; null when absent, which means unspecified.</param>
/// <param name="NameQualifier">Domain that the name is unique in; null when absent.</param>
/// <param name="SpNameQualifier">Service provider that the name was made for; null when absent.</param>
public sealed record SamlNameId(string Value, string? Format = null, string? NameQualifier = null, string? SpNameQualifier = null)
{
    private const int Longest = 1024;

    internal static SamlNameId? Read(SamlElement parent)
    {
        if (parent.Only(SamlNames.Assertion, "NameID") is not { } name) return null;

        // The text as it was signed: trimming would make two names one. White space around it is refused, as is nothing at all.
        var value = name.Text();
        if (value.Length is 0 or > Longest || value != name.Value()) throw new SamlException(SamlError.NoSubject);
        return new SamlNameId(value, name["Format"], name["NameQualifier"], name["SPNameQualifier"]);
    }

    internal SamlElement ToXml()
    {
        if (Value.Length == 0 || SamlWriting.Clean(Value) != Value || Value.Trim() != Value) throw new InvalidOperationException("The name is empty, has white space around it, or XML cannot write it.");
        return SamlWriting.A("NameID").With("NameQualifier", NameQualifier).With("SPNameQualifier", SpNameQualifier).With("Format", Format).Add(Value);
    }
}
