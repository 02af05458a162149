using Gatehouse.Wire.Text;

namespace Gatehouse.Gateway.Access;

/// <summary>Judges shared secrets: names that do not fit together, ends that are past, near or far, values that anybody would guess.</summary>
internal static class LegacyLint
{
    private const int Enough = 16;
    private const int Near = 30;
    private const int Far = 366;

    /// <summary>What the file alone tells.</summary>
    public static void Check(AccessFile file, Action<Severity, string, int, string> say)
    {
        foreach (var service in file.Services)
        {
            foreach (var name in service.Accepts.Legacy)
                if (!file.Legacies.ContainsKey(name)) say(Severity.Error, "service.accept", service.Line, $"Service '{service.Name}' accepts 'legacy:{name}', and 'legacy' names no such secret.");
            if (service.PassSecret is not null && file.PassedBy(service) is null)
                say(Severity.Error, "service.pass-secret", service.Line, $"'pass-secret' of service '{service.Name}' is true (the first 'legacy:' that it accepts, or the only one there is), false, or the name of a secret under 'legacy'.");
            if (service.PassSecret is not null && service.IdentityIn.Headers.Contains("X-Auth-Token", StringComparer.OrdinalIgnoreCase))
                say(Severity.Error, "service.pass-secret", service.Line, $"Service '{service.Name}' sends its upstream two things in X-Auth-Token: our token ('identity') and the shared secret ('pass-secret'). Choose one.");
        }

        foreach (var legacy in file.Legacies.Values)
            if (!file.Services.Any(service => service.Accepts.Legacy.Contains(legacy.Name) || ReferenceEquals(file.PassedBy(service), legacy))) say(Severity.Warning, "legacy.unused", legacy.Line, $"No service accepts 'legacy:{legacy.Name}'; delete it.");
    }

    /// <summary>What the day and the values tell. Nothing of a value is repeated.</summary>
    public static IEnumerable<Finding> Now(AccessFile file, DateTimeOffset now)
    {
        var today = DateOnly.FromDateTime(now.UtcDateTime);
        foreach (var legacy in file.Legacies.Values)
        {
            var left = legacy.Until.DayNumber - today.DayNumber;
            if (left < 0) yield return new Finding(Severity.Warning, "legacy.over", legacy.Line, $"The shared secret '{legacy.Name}' counts no more since {legacy.Until:yyyy-MM-dd}; delete it from the file, and from the components.");
            else if (left <= Near) yield return new Finding(Severity.Warning, "legacy.near", legacy.Line, $"The shared secret '{legacy.Name}' counts until {legacy.Until:yyyy-MM-dd} only. 'gatehouse legacy report' says who still uses it.");
            else if (left > Far) yield return new Finding(Severity.Warning, "legacy.far", legacy.Line, $"The shared secret '{legacy.Name}' counts until {legacy.Until:yyyy-MM-dd}, more than a year from now. Choose an end that somebody will see to.");
            foreach (var reading in LegacyValues.Read(legacy))
                if (reading.Value is { } value && WeakSecret.Why(value.Reveal(), Enough) is { } weak) yield return new Finding(Severity.Warning, "legacy.weak", legacy.Line, $"The value of '{legacy.Name}' from {reading.Source} {weak}. Make one with: openssl rand -hex 32");
        }
    }
}
