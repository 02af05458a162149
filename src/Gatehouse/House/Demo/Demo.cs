using System.Text.RegularExpressions;

namespace Gatehouse.House.Demo;

/// <summary>What the demo needs before the program is built: the desk behind the gate, and the access file that leads to it.</summary>
/// <param name="Desk">The running desk.</param>
/// <param name="AccessFile">The access file made for it.</param>
public sealed partial record Demo(DemoDesk Desk, string AccessFile)
{
    /// <summary>Name of the demo's realm.</summary>
    public const string RealmName = "contact-centre";

    /// <summary>Starts the desk and writes the access file: the Expertflow example, its upstream addresses led to the desk.</summary>
    public static async Task<Demo> PrepareAsync(ServeOptions options, CancellationToken stop)
    {
        var desk = await DemoDesk.StartAsync(stop);
        Directory.CreateDirectory(options.Data);
        var file = options.Access ?? Path.Combine(options.Data, "demo-access.yaml");
        if (options.Access is null) await File.WriteAllTextAsync(file, Upstream().Replace(await ExampleAsync(stop), desk.Url.GetLeftPart(UriPartial.Authority)), stop);
        return new Demo(desk, file);
    }

    private static async Task<string> ExampleAsync(CancellationToken stop)
    {
        await using var stream = typeof(Demo).Assembly.GetManifestResourceStream("demo/access.yaml")
            ?? throw new StartRefused("The demo's access file is missing from this build.");
        using var reader = new StreamReader(stream);
        return await reader.ReadToEndAsync(stop);
    }

    // The example names a loopback port for each component; all of them are the desk here.
    [GeneratedRegex(@"http://127\.0\.0\.1:91\d\d", RegexOptions.NonBacktracking)]
    private static partial Regex Upstream();
}
