using Gatehouse.Audit;
using Gatehouse.People;
using Gatehouse.Sessions;
using Gatehouse.Terms;

namespace Gatehouse.SignIn.Steps;

/// <summary>How a password attempt ended.</summary>
public abstract record PasswordOutcome
{
    private PasswordOutcome()
    {
    }

    /// <summary>The person is in; the value goes into the cookie.</summary>
    public sealed record In(User User, string Cookie) : PasswordOutcome;

    /// <summary>Unknown user, wrong password or disabled account: one answer for all three.</summary>
    public sealed record Wrong : PasswordOutcome;

    /// <summary>This guesser must wait.</summary>
    public sealed record Wait(TimeSpan For) : PasswordOutcome;

    /// <summary>Too many sign-ins at once; nothing was decided.</summary>
    public sealed record Busy : PasswordOutcome;
}

/// <summary>User name and password. Unknown user, wrong password and disabled account are the same in wording, status and time.</summary>
public sealed class PasswordStep(Users users, Passwords passwords, Guard guard, Arrival arrival, AuditLog audit)
{
    /// <summary>Checks and, when right, starts a session.</summary>
    public async Task<PasswordOutcome> TryAsync(Realm realm, Interaction? interaction, string username, string password, Origin origin, Session? before, CancellationToken stop)
    {
        var name = Names.Fold(username);
        if (guard.Wait(realm.Name, name, origin.Network, origin.Device) is { Ticks: > 0 } wait)
        {
            Note(realm, interaction, null, name, origin, "throttled");
            return new PasswordOutcome.Wait(wait);
        }

        var tooLong = password.Length > Passwords.Longest || name.Length is 0 or > Names.Longest;
        var user = tooLong ? null : await users.FindByNameAsync(realm.Name, name, stop);
        var stored = user is null ? null : await users.PasswordAsync(realm.Name, user.Id, stop);
        PasswordAnswer answer;
        string? renewed = null;
        try
        {
            answer = await passwords.CheckAsync(stored?.Hash, tooLong ? "" : password, stop);
            if (answer == PasswordAnswer.RightButOld) renewed = await passwords.HashAsync(password, stop);
        }
        catch (PasswordsBusy)
        {
            return new PasswordOutcome.Busy();
        }

        if (answer == PasswordAnswer.Wrong || user is not { Enabled: true })
        {
            guard.Failed(realm.Name, name, origin.Network, origin.Device);
            Note(realm, interaction, user, name, origin, user is null ? "user_not_found" : answer == PasswordAnswer.Wrong ? "invalid_user_credentials" : "user_disabled");
            return new PasswordOutcome.Wrong();
        }

        guard.Succeeded(realm.Name, name, origin.Network, origin.Device);
        return new PasswordOutcome.In(user, await arrival.StartAsync(realm, interaction, user, renewed, users, origin, before, stop));
    }

    // The audit log may say what the page may not.
    private void Note(Realm realm, Interaction? interaction, User? user, string name, Origin origin, string error) => audit.Note(new AuditEvent
    {
        Realm = realm.Name, Type = "LOGIN_ERROR", Client = interaction?.ClientId, User = user?.Id, Address = origin.Address, Error = error,
        Details = new Dictionary<string, string> { ["username"] = name.Length > 64 ? name[..64] : name },
    });
}
