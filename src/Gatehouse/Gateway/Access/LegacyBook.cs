using System.Collections.Immutable;
using Gatehouse.Credentials.Kinds;
using Gatehouse.Terms;

namespace Gatehouse.Gateway.Access;

/// <summary>The shared secrets in force and what their sources held last. Not safe for two threads at once: <see cref="Rules"/> asks it under its lock.</summary>
internal sealed class LegacyBook(TimeProvider time, ILogger logger)
{
    private readonly Dictionary<string, (LegacySecret Verifier, ImmutableArray<LegacyValues.Reading> Readings)> alive = [];
    private Dictionary<string, ImmutableArray<LegacyValues.Reading>> seen = [];

    /// <summary>Takes a file's secrets. Verifiers go on under their names, so that connections opened before know when their right ends.</summary>
    public ImmutableArray<SharedSecret> Take(AccessFile file)
    {
        foreach (var gone in alive.Keys.Where(key => !file.Legacies.ContainsKey(key[(key.IndexOf('/', StringComparison.Ordinal) + 1)..]) || !key.StartsWith(file.Realm + "/", StringComparison.Ordinal)).ToList())
        {
            alive[gone].Verifier.Take([], [], DateTimeOffset.MinValue);
            alive.Remove(gone);
        }

        seen = [];
        foreach (var legacy in file.Legacies.Values) Apply(file.Realm, legacy, Read(file.Realm, legacy));
        return All(file);
    }

    /// <summary>The secrets of the file in force, in its order.</summary>
    public ImmutableArray<SharedSecret> All(AccessFile file) => [.. file.Legacies.Values.OrderBy(legacy => legacy.Line).Select(legacy => new SharedSecret(legacy, alive[Key(file.Realm, legacy)].Verifier))];

    /// <summary>Looks at the sources again; true when other values count now. A change counts when it is seen twice: a file that is being written may hold half a secret.</summary>
    public bool Look(AccessFile file)
    {
        var changed = false;
        foreach (var legacy in file.Legacies.Values)
        {
            var last = alive[Key(file.Realm, legacy)].Readings;
            var now = Read(file.Realm, legacy);
            if (Same(now, last)) seen.Remove(legacy.Name);
            else if (!seen.TryGetValue(legacy.Name, out var before) || !Same(now, before)) seen[legacy.Name] = now;
            else
            {
                seen.Remove(legacy.Name);
                Apply(file.Realm, legacy, now);
                changed = true;
                if (LegacyValues.Alive(now) is { IsEmpty: false } values) logger.LogInformation("The shared secret {Name} was read anew: {Count} values alive", legacy.Name, values.Length);
                else logger.LogError("The shared secret {Name} has no value any more and does not count until it has: {Sources}", legacy.Name, string.Join("; ", now.Select(one => $"{one.Source} {one.Trouble}")));
            }
        }

        return changed;
    }

    private static string Key(string realm, Legacy legacy) => $"{realm}/{legacy.Name}";

    private static bool Same(ImmutableArray<LegacyValues.Reading> one, ImmutableArray<LegacyValues.Reading> other) => LegacyValues.Alive(one).SequenceEqual<Secret>(LegacyValues.Alive(other));

    // A file that cannot be read says nothing about what it held.
    private ImmutableArray<LegacyValues.Reading> Read(string realm, Legacy legacy)
        => [.. LegacyValues.Read(legacy).Select(one => one.Unreadable && alive.TryGetValue(Key(realm, legacy), out var last) ? last.Readings.FirstOrDefault(before => before.Source == one.Source) ?? one : one)];

    private void Apply(string realm, Legacy legacy, ImmutableArray<LegacyValues.Reading> readings)
    {
        var verifier = alive.TryGetValue(Key(realm, legacy), out var known) ? known.Verifier : new LegacySecret(realm, legacy.Name, time);
        verifier.Take(LegacyValues.Alive(readings), legacy.Roles, legacy.End);
        alive[Key(realm, legacy)] = (verifier, readings);
    }
}
