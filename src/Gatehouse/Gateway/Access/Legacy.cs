using System.Collections.Immutable;

namespace Gatehouse.Gateway.Access;

/// <summary>Where one value of a shared secret comes from. It never stands in the access file.</summary>
/// <param name="Variable">Environment variable; with a file, the variable in that env file. Null for a file that holds the secret alone.</param>
/// <param name="File">The file; null for the environment of this program.</param>
public sealed record LegacySource(string? Variable, string? File)
{
    /// <summary>As the access file writes it.</summary>
    public override string ToString() => File is null ? $"env:{Variable}" : Variable is null ? $"file:{File}" : $"file:{File}#{Variable}";
}

/// <summary>A shared secret that counts for a while yet, such as XiVO's <c>PLAY_AUTH_TOKEN</c>: whoever holds it is the principal <c>legacy:NAME</c>.</summary>
public sealed record Legacy
{
    /// <summary>Begins every subject of this kind.</summary>
    public const string Prefix = "legacy:";

    /// <summary>Name in the access file.</summary>
    public required string Name { get; init; }

    /// <summary>Line in the access file.</summary>
    public int Line { get; init; }

    /// <summary>Where its values come from, the current one first; all that are found are alive at once.</summary>
    public ImmutableArray<LegacySource> Sources { get; init; } = [];

    /// <summary>Whether it may stand in Authorization, with the Bearer scheme.</summary>
    public bool InAuthorization { get; init; }

    /// <summary>Headers of their own in which it may stand.</summary>
    public ImmutableArray<string> Headers { get; init; } = [];

    /// <summary>The last day (UTC) on which it counts.</summary>
    public DateOnly Until { get; init; }

    /// <summary>Roles that whoever sends it holds.</summary>
    public ImmutableArray<string> Roles { get; init; } = [];

    /// <summary>Instant from which it counts no more.</summary>
    public DateTimeOffset End => new(Until == DateOnly.MaxValue ? Until : Until.AddDays(1), TimeOnly.MinValue, TimeSpan.Zero);
}
