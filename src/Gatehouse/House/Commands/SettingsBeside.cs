namespace Gatehouse.House.Commands;

/// <summary>The settings file that belongs to an access file, for commands that need no running program.</summary>
internal static class SettingsBeside
{
    /// <summary>Reads it: the named one, or gatehouse.json beside the access file; null where none is there. Throws <see cref="StartRefused"/> when it cannot be read.</summary>
    public static IConfiguration? Read(string? settings, string accessFile)
    {
        var file = Path.GetFullPath(settings ?? Path.Combine(Path.GetDirectoryName(accessFile) ?? "", "gatehouse.json"));
        if (!File.Exists(file)) return settings is null ? null : throw new StartRefused($"The settings file '{file}' is not there.");
        try
        {
            return new ConfigurationBuilder().AddJsonFile(file).Build();
        }
        catch (Exception wrong) when (wrong is InvalidDataException or InvalidOperationException)
        {
            throw new StartRefused($"The settings file '{file}' cannot be read: {wrong.InnerException?.Message ?? wrong.Message}");
        }
    }
}
