using Gatehouse.Facades;

namespace Gatehouse.House.Commands;

/// <summary>Facades' calls whose last day is near or over, as the settings file beside an access file has them.</summary>
internal static class FacadeEnds
{
    /// <summary>Warnings; none where there is no settings file, or nothing in it ends. Throws <see cref="StartRefused"/> when it cannot be read.</summary>
    public static IReadOnlyList<string> Of(string? settings, string accessFile, DateTimeOffset now)
    {
        try
        {
            return SettingsBeside.Read(settings, accessFile) is { } read ? FacadesRoom.Warnings(read.GetSection("facades"), now) : [];
        }
        catch (InvalidOperationException wrong)
        {
            throw new StartRefused($"The settings of the facades cannot be read: {wrong.InnerException?.Message ?? wrong.Message}");
        }
    }
}
