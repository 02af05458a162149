using System.Collections.Immutable;
using Gatehouse.Clients;
using Gatehouse.People;

namespace Gatehouse.Protocols;

/// <summary>Makes attributes of a user by an application's rules. An attribute without a value is left out.</summary>
internal static class AttributeText
{
    private const string Own = "{attribute.";

    public static IEnumerable<(string Name, ImmutableArray<string> Values)> Of(ImmutableArray<AttributeRule> rules, User user, Rights rights)
        => rules.Select(rule => (rule.Name, Values: Values(rule.Source, user, rights))).Where(one => !one.Values.IsEmpty);

    private static ImmutableArray<string> Values(string source, User user, Rights rights)
    {
        if (source == "{roles}") return [.. rights.Roles.Order(StringComparer.Ordinal)];
        if (source == "{groups}") return [.. rights.Groups.Order(StringComparer.Ordinal)];
        if (source.StartsWith(Own, StringComparison.Ordinal) && source.IndexOf('}', StringComparison.Ordinal) == source.Length - 1) return user.Attributes.GetValueOrDefault(source[Own.Length..^1], []);
        return Fill(source, user) is { Length: > 0 } text ? [text] : [];
    }

    // A text with something missing in it would name somebody else: it is no value at all.
    private static string? Fill(string source, User user)
    {
        var text = new System.Text.StringBuilder();
        for (var at = 0; at < source.Length;)
        {
            var open = source.IndexOf('{', at);
            var close = open < 0 ? -1 : source.IndexOf('}', open);
            if (close < 0) return text.Append(source, at, source.Length - at).ToString();
            if (One(source[(open + 1)..close], user) is not { Length: > 0 } value) return null;
            text.Append(source, at, open - at).Append(value);
            at = close + 1;
        }

        return text.ToString();
    }

    private static string? One(string name, User user) => name switch
    {
        "username" => user.Username,
        "email" => user.Email,
        "firstName" => user.FirstName,
        "lastName" => user.LastName,
        "name" => user.FullName,
        "id" => user.Id,
        _ => name.StartsWith("attribute.", StringComparison.Ordinal) ? user.Attributes.GetValueOrDefault(name["attribute.".Length..], []).FirstOrDefault() : null,
    };
}
