using Gatehouse.Audit;
using Gatehouse.Keys;
using Gatehouse.Storage;
using Gatehouse.Terms;

namespace Gatehouse.People;

/// <summary>Gives every realm's signing keys their successors in time (<see cref="Realm.KeyLife"/>): announced, then used, and the old one retired, without one refusal.</summary>
internal sealed class KeyRotation(Realms realms, SigningKeys keys, AuditLog audit, TimeProvider time, ILogger<KeyRotation> log) : BackgroundService
{
    private static readonly TimeSpan Every = TimeSpan.FromHours(1);

    /// <summary>Looks once at all realms.</summary>
    internal async Task TurnAsync(CancellationToken stop)
    {
        foreach (var realm in realms.All)
        {
            if (realm.KeyLife <= TimeSpan.Zero) continue;
            foreach (var algorithm in await keys.RotateDueAsync(realm.Name, realm.KeyLife, stop))
                audit.Note(new AuditEvent { Realm = realm.Name, Type = "ACTION", Resource = $"keys/{algorithm}/rotate", Details = new Dictionary<string, string> { ["reason"] = "The key before has been used as long as the realm's keyRotationPeriod." } });
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Every, time);
        try
        {
            do
            {
                try
                {
                    await TurnAsync(stoppingToken);
                }
                catch (Exception wrong) when (wrong is System.Data.Common.DbException or StorageFault)
                {
                    log.LogWarning("Signing keys could not be rotated, trying again in an hour: {Message}", wrong.Message);
                }
            }
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The end.
        }
    }
}
