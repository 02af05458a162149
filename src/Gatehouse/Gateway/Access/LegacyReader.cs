using System.Collections.Immutable;
using System.Globalization;

namespace Gatehouse.Gateway.Access;

/// <summary>Reads <c>legacy</c> of the access file: shared secrets by their names. What was written in a value's place is never repeated, since it may be the secret.</summary>
internal static class LegacyReader
{
    private const int MostValues = 4;
    private const string HeaderLetters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-";

    // A secret in one of these would be logged, cached or split on its way, or is read for something else.
    private static readonly string[] NotHeaders = ["Authorization", "Cookie", "Host", "Connection", "Content-Length", "Content-Type", "Transfer-Encoding", "Upgrade", "Referer", "User-Agent", "Forwarded", "Origin", "Accept", "Expect", "TE", "Via"];

    public static ImmutableDictionary<string, Legacy> Read(YamlMap root, List<Finding> findings)
    {
        var legacies = ImmutableDictionary.CreateBuilder<string, Legacy>();
        if (root.Map("legacy") is not { } all) return legacies.ToImmutable();
        foreach (var (name, node) in all.All)
        {
            var map = new YamlMap(node, $"legacy '{name}'", findings);
            if (name.Length is 0 or > 32 || !name.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-')) map.Error("access.legacy", map.Line, "The name of a shared secret is made of a-z, 0-9 and '-', at most 32.");
            var (authorization, headers) = ReadPlaces(map);
            legacies[name] = new Legacy { Name = name, Line = map.Line, Sources = ReadSources(map), InAuthorization = authorization, Headers = headers, Until = ReadUntil(map, name), Roles = [.. map.Texts("roles")] };
            map.Done();
        }

        return legacies.ToImmutable();
    }

    private static ImmutableArray<LegacySource> ReadSources(YamlMap map)
    {
        var sources = ImmutableArray.CreateBuilder<LegacySource>();
        var written = map.Texts("values");
        foreach (var text in written)
        {
            if (SourceOf(text) is { } source && !sources.Contains(source)) sources.Add(source);
            else map.Error("access.legacy", YamlMap.LineOf(map.Node("values")!), "A value is named once, as 'env:NAME', 'file:PATH#NAME' (a variable of an env file) or 'file:PATH' (the secret alone). The secret itself never stands in the access file.");
        }

        if (written.Count is 0 or > MostValues) map.Error("access.legacy", map.Line, $"'values' names where the secret comes from, the current one first: one to {MostValues}, such as [\"env:PLAY_AUTH_TOKEN\", \"file:/etc/docker/compose/custom.env#PLAY_AUTH_TOKEN\"].");
        return sources.ToImmutable();
    }

    private static LegacySource? SourceOf(string text)
    {
        if (text.StartsWith("env:", StringComparison.Ordinal)) return IsName(text[4..]) ? new LegacySource(text[4..], null) : null;
        if (!text.StartsWith("file:", StringComparison.Ordinal)) return null;
        var hash = text.LastIndexOf('#');
        var (path, name) = hash < 0 ? (text[5..], null) : (text[5..hash], text[(hash + 1)..]);
        return path.Length == 0 || path.Contains('\0', StringComparison.Ordinal) || (name is not null && !IsName(name)) ? null : new LegacySource(name, path);
    }

    private static bool IsName(string text) => text.Length > 0 && !char.IsAsciiDigit(text[0]) && text.All(c => char.IsAsciiLetterOrDigit(c) || c == '_');

    private static (bool Authorization, ImmutableArray<string> Headers) ReadPlaces(YamlMap map)
    {
        var (authorization, headers) = (false, ImmutableArray.CreateBuilder<string>());
        foreach (var text in map.Texts("in"))
        {
            if (text == "authorization") authorization = true;
            else if (text.StartsWith("header:", StringComparison.Ordinal) && text["header:".Length..] is { Length: > 0 and <= 64 } name && name.All(HeaderLetters.Contains) && !NotHeaders.Contains(name, StringComparer.OrdinalIgnoreCase)) headers.Add(name);
            else map.Error("access.legacy", YamlMap.LineOf(map.Node("in")!), $"'{text}' is no place for a shared secret; write 'authorization' or a header of its own such as 'header:X-Auth-Token'. In a URL it never counts.");
        }

        if (map.Node("in") is null) authorization = true;
        else if (!authorization && headers.Count == 0) map.Error("access.legacy", map.Line, "'in' is empty: say where the secret may stand, such as [authorization, \"header:X-Auth-Token\"].");
        return (authorization, headers.ToImmutable());
    }

    private static DateOnly ReadUntil(YamlMap map, string name)
    {
        if (DateOnly.TryParseExact(map.Text("until"), "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var until)) return until;
        map.Error("access.until", map.Line, $"'until' of the shared secret '{name}' must be a date such as 2027-06-30: the last day on which it counts. What has no end is never replaced.");
        return DateOnly.MinValue;
    }
}
