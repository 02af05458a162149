namespace Gatehouse.House;

/// <summary>Where settings come from, weakest first: defaults, the settings file, environment (<c>GATEHOUSE__SECTION__NAME</c>), command line.</summary>
public static class Settings
{
    /// <summary>Reads all settings once; <paramref name="listens"/> is the public address where nothing else is said, <paramref name="certificateUrl"/> where browsers are asked for certificates. Throws <see cref="StartRefused"/> when a named file is missing or is not JSON.</summary>
    public static IConfiguration Read(ServeOptions options, string listens, string? demoAccess, string? certificateUrl = null)
    {
        var file = options.Settings ?? Path.Combine(options.Data, "gatehouse.json");
        if (options.Settings is not null && !File.Exists(file)) throw new StartRefused($"The settings file '{file}' is not there.");
        var access = options.Access ?? demoAccess ?? Path.Combine(options.Data, "access.yaml");
        var given = new Dictionary<string, string?>
        {
            ["storage:folder"] = options.Data,
            ["tokens:publicUrl"] = options.PublicUrl,
            ["gateway:access"] = options.Access is not null || demoAccess is not null ? Path.GetFullPath(access) : null,
        };
        var defaults = new Dictionary<string, string?>
        {
            ["tokens:publicUrl"] = listens,
            ["gateway:access"] = File.Exists(access) ? Path.GetFullPath(access) : null,
            ["federation:certificateUrl"] = certificateUrl,
            ["logging:LogLevel:Default"] = "Information",
            ["logging:LogLevel:Microsoft"] = "Warning",
            ["logging:LogLevel:Microsoft.Hosting.Lifetime"] = "Warning",
            // Hosting's own diagnostics start an Activity per request as soon as they may log anything; Kestrel tells of unhandled failures without them.
            ["logging:LogLevel:Microsoft.AspNetCore.Hosting.Diagnostics"] = "None",
            // A refused start is told in one message of ours; the host would add its stack trace.
            ["logging:LogLevel:Microsoft.Extensions.Hosting.Internal.Host"] = "None",
        };
        try
        {
            return new ConfigurationBuilder()
                .AddInMemoryCollection(defaults)
                .AddJsonFile(Path.GetFullPath(file), optional: true, reloadOnChange: false)
                .AddEnvironmentVariables("GATEHOUSE__")
                .AddInMemoryCollection(given.Where(pair => pair.Value is not null))
                .Build();
        }
        catch (InvalidDataException wrong)
        {
            throw new StartRefused($"The settings file '{file}' cannot be read: {wrong.InnerException?.Message ?? wrong.Message}");
        }
    }
}
