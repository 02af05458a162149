using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Xml;

namespace Gatehouse.Facades.Finesse;

/// <summary>What a <c>PUT</c> on a user asks for.</summary>
/// <param name="State">State to change to.</param>
/// <param name="Extension">Extension to sit at; null when none is named.</param>
/// <param name="Reason">Reason code; null when none is named.</param>
/// <param name="Mode">Mode of a mobile agent; null for others.</param>
/// <param name="DialNumber">Number of a mobile agent.</param>
internal sealed record UserWish(string State, string? Extension, string? Reason, string? Mode, string? DialNumber)
{
    /// <summary>Longest body, bytes.</summary>
    public const int Longest = 8 * 1024;

    private const int Deepest = 4;
    private const int Most = 64;

    /// <summary>Reads a body: UTF-8, no document type, so no entity beyond the five of XML and nothing that is fetched; shallow, each element once. Never throws.</summary>
    public static bool TryRead(byte[] body, [NotNullWhen(true)] out UserWish? wish, [NotNullWhen(false)] out ApiError? error)
    {
        wish = null;
        error = Errors.Bad("The body is no XML of a User.");
        var settings = new XmlReaderSettings { DtdProcessing = DtdProcessing.Prohibit, XmlResolver = null, MaxCharactersFromEntities = 1, MaxCharactersInDocument = Longest, ConformanceLevel = ConformanceLevel.Document, IgnoreComments = true, IgnoreProcessingInstructions = true };
        try
        {
            using var reader = XmlReader.Create(new StringReader(new UTF8Encoding(false, true).GetString(body).TrimStart('\uFEFF')), settings);
            if (Read(reader) is not { } values) return false;
            if (!values.TryGetValue("/state", out var state) || state.Length == 0)
            {
                error = Errors.Missing("state");
                return false;
            }

            string? Text(string path) => values.TryGetValue(path, out var text) && text.Length > 0 ? text : null;
            wish = new UserWish(state, Text("/extension"), Text("/reasonCodeId"), Text("/mobileAgent/mode"), Text("/mobileAgent/dialNumber"));
            return true;
        }
        catch (Exception wrong) when (wrong is XmlException or DecoderFallbackException)
        {
            return false;
        }
    }

    // Texts of the elements below the root by their path; null when it is not of the form.
    private static Dictionary<string, string>? Read(XmlReader reader)
    {
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        var path = new Stack<string>();
        string? at = null;
        while (reader.Read())
        {
            switch (reader.NodeType)
            {
                case XmlNodeType.Element:
                    if (at is null && reader.LocalName != "User") return null;
                    if (reader.NamespaceURI.Length > 0 || reader.AttributeCount > 0 || path.Count >= Deepest || values.Count >= Most) return null;
                    var own = at is null ? "" : $"{at}/{reader.LocalName}";
                    if (own.Length > 0 && !values.TryAdd(own, "")) return null;
                    if (reader.IsEmptyElement) break;
                    if (at is not null) path.Push(at);
                    at = own;
                    break;
                case XmlNodeType.EndElement:
                    at = path.Count > 0 ? path.Pop() : null;
                    break;
                case XmlNodeType.Text or XmlNodeType.CDATA or XmlNodeType.SignificantWhitespace when at is { Length: > 0 }:
                    values[at] = values[at].Length + reader.Value.Length > 256 ? throw new XmlException("too long") : (values[at] + reader.Value.Trim());
                    break;
                case XmlNodeType.Text or XmlNodeType.CDATA:
                    return null;
            }
        }

        return values;
    }
}
