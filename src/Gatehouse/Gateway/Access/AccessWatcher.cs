using Microsoft.Extensions.Options;

namespace Gatehouse.Gateway.Access;

/// <summary>Reads the access file at start and whenever it changes. At start a bad file stops the program; later it is told in the log and the last good one stays.</summary>
internal sealed class AccessWatcher(IOptions<GatewaySettings> settings, Rules rules, TimeProvider time, ILogger<AccessWatcher> logger) : BackgroundService
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(500);

    private (DateTime At, long Length) seen;

    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        if (settings.Value.Access is { Length: > 0 } file)
        {
            if (!File.Exists(file)) throw new AccessFault($"The access file '{file}' is not there.");
            seen = Stamp(file);
            if (!rules.TryTake(await File.ReadAllTextAsync(file, cancellationToken)))
                throw new AccessFault($"The access file '{file}' has errors:\n{string.Join('\n', rules.Findings.Refused!)}");
            foreach (var finding in rules.Findings.InForce) logger.LogInformation("Access file: {Finding}", finding);
        }

        await base.StartAsync(cancellationToken);
    }

    // Looked at rather than watched: editors and config maps replace files in ways that notifications miss.
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (settings.Value.Access is not { Length: > 0 } file) return;
        using var timer = new PeriodicTimer(Look, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                await LookAsync(file, stoppingToken);
                rules.LookAtSecrets();
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The end.
        }
    }

    private async Task LookAsync(string file, CancellationToken stop)
    {
        try
        {
            var stamp = Stamp(file);
            if (stamp == seen) return;
            seen = stamp;
            if (rules.TryTake(await File.ReadAllTextAsync(file, stop))) logger.LogInformation("The access file was read anew: {Routes} routes of {Services} services", rules.Now.Routes.Routes.Length, rules.Now.File.Services.Length);
            else logger.LogError("The changed access file has errors and does not count; the one before stays in force:\n{Findings}", string.Join('\n', rules.Findings.Refused!));
        }
        catch (Exception wrong) when (wrong is IOException or UnauthorizedAccessException)
        {
            logger.LogError("The access file cannot be read; the one before stays in force: {Message}", wrong.Message);
        }
    }

    private static (DateTime, long) Stamp(string file)
    {
        var info = new FileInfo(file);
        return (info.LastWriteTimeUtc, info.Exists ? info.Length : 0);
    }
}

/// <summary>The access file keeps the program from starting; the message lists what is wrong, each with its line.</summary>
public sealed class AccessFault(string message) : Exception(message);
