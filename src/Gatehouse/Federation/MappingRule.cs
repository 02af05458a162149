namespace Gatehouse.Federation;

/// <summary>What a rule makes.</summary>
public enum MappingTarget
{
    /// <summary>A role: a realm role by name, a client role as <c>client/role</c>.</summary>
    Role,

    /// <summary>Membership of a group, by path.</summary>
    Group,

    /// <summary>A user attribute of that name.</summary>
    Attribute,
}

/// <summary>One rule of a mapping: where a source has a value, the person gets the target here.</summary>
/// <param name="Source">Name of an upstream attribute or claim; <c>groups</c> for the resolved groups.</param>
/// <param name="Value">Value that must be there, with <c>*</c> for any run of characters; null for any value.</param>
/// <param name="To">What it makes.</param>
/// <param name="Target">Role, group path or attribute name. <c>{value}</c> stands for what the star matched, or the value where there is no star.</param>
public sealed record MappingRule(string Source, string? Value, MappingTarget To, string Target)
{
    /// <summary>What is wrong with the rule; null when nothing is.</summary>
    [System.Text.Json.Serialization.JsonIgnore]
    public string? Fault => Source.Length == 0 || Target.Length == 0 ? "A mapping rule needs 'source' and 'target'."
        : Value?.Count(c => c == '*') > 1 ? $"'{Value}' has more than one star."
        : To == MappingTarget.Group && !Target.StartsWith('/') ? $"A group is named by its path: '/{Target}'."
        : null;

    /// <summary>What the rule makes of a value; null when it does not match. Compared without regard to case, as directories do.</summary>
    public string? Match(string value)
    {
        var rest = value;
        if (Value is { } pattern)
        {
            var star = pattern.IndexOf('*', StringComparison.Ordinal);
            if (star < 0)
            {
                if (!value.Equals(pattern, StringComparison.OrdinalIgnoreCase)) return null;
            }
            else
            {
                var (head, tail) = (pattern[..star], pattern[(star + 1)..]);
                if (value.Length < head.Length + tail.Length || !value.StartsWith(head, StringComparison.OrdinalIgnoreCase) || !value.EndsWith(tail, StringComparison.OrdinalIgnoreCase)) return null;
                rest = value[head.Length..^tail.Length];
            }
        }

        return Target.Replace("{value}", rest, StringComparison.Ordinal);
    }
}
