using Gatehouse.Facades;

namespace Gatehouse.House.Commands;

/// <summary>Facades' calls whose last day is near or over, as the settings file beside an access file has them.</summary>
internal static class FacadeEnds
{
    /// <summary>Warnings; none where there is no settings file, or nothing in it ends. Throws <see cref="StartRefused"/> when it cannot be read.</summary>
    public static IReadOnlyList<string> Of(string? settings, string accessFile, DateTimeOffset now)
    {
        var file = Path.GetFullPath(settings ?? Path.Combine(Path.GetDirectoryName(accessFile) ?? "", "gatehouse.json"));
        if (!File.Exists(file)) return settings is null ? [] : throw new StartRefused($"The settings file '{file}' is not there.");
        try
        {
            return FacadesRoom.Warnings(new ConfigurationBuilder().AddJsonFile(file).Build().GetSection("facades"), now);
        }
        catch (Exception wrong) when (wrong is InvalidDataException or InvalidOperationException)
        {
            throw new StartRefused($"The settings file '{file}' cannot be read: {wrong.InnerException?.Message ?? wrong.Message}");
        }
    }
}
