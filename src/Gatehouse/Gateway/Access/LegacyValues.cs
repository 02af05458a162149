using System.Collections.Immutable;
using System.Text;
using Gatehouse.Terms;
using Gatehouse.Wire.Text;

namespace Gatehouse.Gateway.Access;

/// <summary>What the sources of a shared secret hold now.</summary>
internal static class LegacyValues
{
    /// <summary>What one source holds.</summary>
    /// <param name="Source">Where it comes from.</param>
    /// <param name="Value">The value; null when there is none.</param>
    /// <param name="Trouble">Why there is none; null when there is one.</param>
    /// <param name="Unreadable">Whether the file could not be read at all, which says nothing about what it holds.</param>
    public sealed record Reading(LegacySource Source, Secret? Value, string? Trouble, bool Unreadable);

    /// <summary>Reads all sources, in their order.</summary>
    public static ImmutableArray<Reading> Read(Legacy legacy) => [.. legacy.Sources.Select(Read)];

    /// <summary>The different values, the current one first.</summary>
    public static ImmutableArray<Secret> Alive(IEnumerable<Reading> readings) => [.. readings.Select(one => one.Value).OfType<Secret>().Distinct()];

    /// <summary>What to tell when no value of a shared secret can be had; null when each has one.</summary>
    public static Finding? Missing(AccessFile file)
    {
        foreach (var legacy in file.Legacies.Values)
        {
            var readings = Read(legacy);
            if (readings.All(one => one.Value is null)) return new Finding(Severity.Error, "access.secret", legacy.Line, $"The shared secret '{legacy.Name}' has no value: {string.Join("; ", readings.Select(one => $"{one.Source} {one.Trouble}"))}.");
        }

        return null;
    }

    private static Reading Read(LegacySource source)
    {
        var (text, trouble, unreadable) = source.File is null ? (Environment.GetEnvironmentVariable(source.Variable!), "is not set", false) : OfFile(source);
        if (string.IsNullOrEmpty(text)) return new Reading(source, null, trouble, unreadable);
        // It must fit a header of one line, where some of it would be lost or read as another header.
        return text.AsSpan().IndexOfAnyExceptInRange('!', '~') >= 0 ? new Reading(source, null, "has white space or characters that no header carries", false) : new Reading(source, new Secret(text), null, false);
    }

    private static (string? Text, string Trouble, bool Unreadable) OfFile(LegacySource source)
    {
        byte[] bytes;
        try
        {
            using var file = new FileStream(source.File!, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            bytes = new byte[Math.Min(file.Length, EnvFile.Longest) + 1];
            bytes = bytes[..file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false)];
        }
        catch (Exception wrong) when (wrong is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            return (null, "cannot be read", true);
        }

        // An editor that writes in place empties the file first.
        if (bytes.Length == 0) return (null, "is empty", true);
        if (!EnvFile.TryRead(bytes, out var env)) return (null, "is no text", true);
        if (source.Variable is null) return (Encoding.UTF8.GetString(bytes).TrimEnd('\r', '\n'), "is empty", false);
        return env.Find(source.Variable) is { } entry ? (entry.Value, "is empty there", false) : (null, "is not in the file", false);
    }
}
