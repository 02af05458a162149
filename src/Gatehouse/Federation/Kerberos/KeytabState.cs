using Gatehouse.Wire.Kerberos;

namespace Gatehouse.Federation.Kerberos;

/// <summary>A keytab as it stands now.</summary>
/// <param name="Keys">Its keys, without the keys.</param>
/// <param name="Fault">Why it cannot be used; null when it can.</param>
/// <param name="Alarms">What somebody should see to.</param>
internal sealed record KeytabState(IReadOnlyList<KeytabKey> Keys, string? Fault, IReadOnlyList<string> Alarms)
{
    private const UnixFileMode Others = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.OtherRead | UnixFileMode.OtherWrite;

    /// <summary>Whether a key is of a service, written with or without a realm. Host names have no case, realms have (RFC 4120, 6.1).</summary>
    public static bool IsOf(KeytabKey key, string service)
        => key.Principal.Split('@') is [var name, var realm] && service.Split('@') is [var wanted, .. var of] && name.Equals(wanted, StringComparison.OrdinalIgnoreCase) && (of is [] || of[0] == realm);

    /// <summary>Looks at the file.</summary>
    public static KeytabState Of(string file, string service, int maxAge, TimeProvider time)
    {
        IReadOnlyList<KeytabKey>? keys;
        try
        {
            if (!Keytab.TryRead(File.ReadAllBytes(file), out keys)) return new KeytabState([], $"the keytab '{file}' cannot be read: it is none of MIT's version 0x0502", []);
        }
        catch (Exception wrong) when (wrong is IOException or UnauthorizedAccessException)
        {
            return new KeytabState([], $"the keytab '{file}' cannot be read: {wrong.Message}", []);
        }

        var own = keys.Where(key => IsOf(key, service)).ToList();
        if (own.Count == 0) return new KeytabState(keys, $"the keytab '{file}' has no key of {service}; it has {(keys.Count == 0 ? "none at all" : string.Join(", ", keys.Select(key => key.Principal).Distinct()))}", []);
        var alarms = new List<string>();
        // Some tools (ktpass) write no time: then the file's own counts.
        var age = time.GetUtcNow() - (own.Max(key => key.WrittenAt) ?? new DateTimeOffset(File.GetLastWriteTimeUtc(file)));
        if (age > TimeSpan.FromDays(maxAge)) alarms.Add($"the newest key of {service} is {(int)age.TotalDays} days old, more than {maxAge}: make a new one before the KDC's policy does, or its password expires");
        if (own.TrueForAll(key => key.IsWeak)) alarms.Add($"{service} has weak keys only ({string.Join(", ", own.Select(key => key.Encryption).Distinct())}): make AES keys");
        if (!OperatingSystem.IsWindows() && (File.GetUnixFileMode(file) & Others) != UnixFileMode.None) alarms.Add($"the keytab '{file}' can be read by others: chmod 600");
        return new KeytabState(keys, null, alarms);
    }
}
