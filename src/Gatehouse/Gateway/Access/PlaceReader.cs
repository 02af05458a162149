using System.Collections.Immutable;
using Gatehouse.Credentials;

namespace Gatehouse.Gateway.Access;

/// <summary>Reads where tokens stand (<c>token-in</c>), where the upstream is told who it is (<c>header:</c> and <c>query:</c> of <c>identity</c>), and the form of errors (<c>errors</c>).</summary>
internal static class PlaceReader
{
    // What carries something else, or is written by the forwarder itself.
    private static readonly string[] NoPlace = ["authorization", "cookie", "host", "content-length", "content-type", "transfer-encoding", "connection", "upgrade", "origin", "referer", "te", "expect"];

    /// <summary>Places of tokens; null where nothing is said.</summary>
    public static TokenPlaces? Read(YamlMap map)
    {
        if (map.Node("token-in") is not { } node) return null;
        var (usual, headers, queries) = (false, ImmutableArray.CreateBuilder<string>(), ImmutableArray.CreateBuilder<string>());
        foreach (var text in map.Texts("token-in"))
        {
            if (text == "authorization") usual = true;
            else if (!TryPlace(text, headers, queries)) map.Error("service.token-in", YamlMap.LineOf(node), $"'{text}' is no place of a token; known: authorization, header:NAME, query:NAME.");
        }

        if (!usual && headers.Count == 0 && queries.Count == 0) map.Error("service.token-in", YamlMap.LineOf(node), "'token-in' names no place. Leave it out for Authorization alone.");
        return new TokenPlaces(usual, headers.ToImmutable(), queries.ToImmutable());
    }

    /// <summary>A place as <c>header:X-Auth-Token</c> or <c>query:token</c>.</summary>
    public static bool TryPlace(string text, ImmutableArray<string>.Builder headers, ImmutableArray<string>.Builder queries)
    {
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        var (kind, name) = colon < 0 ? (text, "") : (text[..colon], text[(colon + 1)..]);
        if (name.Length is 0 or > 64 || !name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.')) return false;
        switch (kind)
        {
            case "header" when !NoPlace.Contains(name.ToLowerInvariant()) && !name.Contains('_', StringComparison.Ordinal) && !name.Contains('.', StringComparison.Ordinal): headers.Add(name); return true;
            case "query": queries.Add(name); return true;
            default: return false;
        }
    }

    /// <summary>The form of errors; null for problem+json.</summary>
    public static ErrorForm? ReadErrors(YamlMap map)
    {
        if (map.Map("errors") is not { } errors) return null;
        if (errors.Text("form") is not ("error-message" or "problem")) errors.Error("service.errors", errors.Line, "'form' of 'errors' is error-message ({\"error\": CODE, \"message\": TEXT}) or problem (the default).");
        var codes = errors.Map("codes")?.All.Select(one => (one.Key, Value: (one.Value as YamlDotNet.RepresentationModel.YamlScalarNode)?.Value ?? "")).ToList() ?? [];
        foreach (var (code, value) in codes)
            if (value.Length is 0 or > 64 || (code != "*" && !code.EndsWith(".*", StringComparison.Ordinal) && !Known(code))) errors.Error("service.errors", errors.Line, $"'{code}' of 'codes' is a reason code of docs/errors.md, a family such as token.*, or *, with the vendor's code of 1 to 64 characters.");
        errors.Done();
        return errors.Text("form") == "error-message" ? new ErrorForm(codes.ToImmutableDictionary(one => one.Key, one => one.Value)) : null;
    }

    private static bool Known(string code) => typeof(Terms.Reasons).GetFields().Any(field => field.GetValue(null) is Terms.Reason reason && reason.Code == code);
}
