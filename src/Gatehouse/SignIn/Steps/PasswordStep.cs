using Gatehouse.Audit;
using Gatehouse.Federation;
using Gatehouse.People;
using Gatehouse.Sessions;
using Gatehouse.SignIn.OneTime;
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

    /// <summary>The person is proven, and nothing has begun.</summary>
    internal sealed record Proven(User User, Proof Proof) : PasswordOutcome;

    /// <summary>Unknown user, wrong password or disabled account: one answer for all three.</summary>
    public sealed record Wrong : PasswordOutcome;

    /// <summary>This guesser must wait.</summary>
    public sealed record Wait(TimeSpan For) : PasswordOutcome;

    /// <summary>Too many sign-ins at once; nothing was decided.</summary>
    public sealed record Busy : PasswordOutcome;

    /// <summary>The directory that would know cannot be asked; nothing was decided.</summary>
    /// <param name="Title">Its name for people.</param>
    public sealed record Down(string Title) : PasswordOutcome;

    /// <summary>The person is proven, and may not come in by this door.</summary>
    /// <param name="Code">Why, by the door's own stable code.</param>
    public sealed record Barred(string Code) : PasswordOutcome;

    /// <summary>The person is proven by the password, and has a second factor: its code is asked for next.</summary>
    public sealed record SecondHalf(Interaction Interaction) : PasswordOutcome;

    /// <summary>The directory knows the person, and here a user of that name is another's until they prove it: the form asks for that user's own password.</summary>
    public sealed record Prove(Interaction Interaction, User Existing) : PasswordOutcome;
}

/// <summary>
/// User name and password, ours or a directory's. Unknown user, wrong password and disabled account are the same in wording, status and time. A password is ours where the user has one here;
/// it is shown to a directory only for names that have none.
/// </summary>
public sealed class PasswordStep(Users users, Passwords passwords, UpstreamPasswords elsewhere, Linking linking, Interactions interactions, Guard guard, Arrival arrival, PendingLinks links, CodeStep codes, Continuity continuity, OneTimeStore factors, AuditLog audit)
{
    /// <summary>Checks and, when right, starts a session.</summary>
    public async Task<PasswordOutcome> TryAsync(Realm realm, Interaction? interaction, string username, string password, Origin origin, Session? before, CancellationToken stop)
        => await AdmittedAsync(realm, interaction, username, password, origin, async (name, proven) =>
        {
            var outcome = await InAsync(realm, interaction, proven.User, name, proven.Proof, origin, before, stop);
            if (outcome is PasswordOutcome.Barred && origin.Rules is { IsSilent: true }) guard.Failed(realm.Name, name, origin.Network, origin.Device, origin.Mark);
            else guard.Succeeded(realm.Name, name, origin.Network, origin.Device);
            return outcome;
        }, stop);

    /// <summary>Checks, and starts nothing.</summary>
    internal Task<PasswordOutcome> ProveAsync(Realm realm, string username, string password, Origin origin, CancellationToken stop) => AdmittedAsync(realm, null, username, password, origin, (name, proven) =>
    {
        guard.Succeeded(realm.Name, name, origin.Network, origin.Device);
        return Task.FromResult<PasswordOutcome>(proven);
    }, stop);

    // The try is counted before it is judged: a hundred guesses at once are a hundred guesses.
    private async Task<PasswordOutcome> AdmittedAsync(Realm realm, Interaction? interaction, string username, string password, Origin origin, Func<string, PasswordOutcome.Proven, Task<PasswordOutcome>> next, CancellationToken stop)
    {
        var name = Names.Fold(username);
        if (guard.Enter(realm.Name, name, origin.Network, origin.Device) is { Ticks: > 0 } wait)
        {
            // A door that is asked for each request notes it by itself, a sample of a flood.
            if (origin.Door is null) Note(realm, interaction, null, name, origin, "throttled");
            return new PasswordOutcome.Wait(wait);
        }

        try
        {
            return await JudgeAsync(realm, interaction, name, password, origin, stop) is var outcome && outcome is PasswordOutcome.Proven proven ? await next(name, proven) : outcome;
        }
        finally
        {
            guard.Leave(realm.Name, name, origin.Network, origin.Device);
        }
    }

    private async Task<PasswordOutcome> JudgeAsync(Realm realm, Interaction? interaction, string name, string password, Origin origin, CancellationToken stop)
    {
        if (interaction?.Pending?.IsOf(origin) == false) return Wrong(realm, interaction, null, name, origin, "link_other_browser");
        var tooLong = password.Length > Passwords.Longest || name.Length is 0 or > Names.Longest;
        var user = tooLong ? null : await users.FindByNameAsync(realm.Name, name, stop);
        var stored = user is null ? null : await users.PasswordAsync(realm.Name, user.Id, stop);
        string? refused = null;
        if (stored is null && !tooLong && interaction?.Pending is null && await elsewhere.CheckAsync(realm.Name, user, name, new Secret(password), stop, origin.Rules?.Provider) is { } found)
        {
            // What a directory knows better (disabled, locked, expired) is for the audit log; the person is told the same as ever.
            refused = (found.Finding as Finding.Refused)?.Code;
            if (found.Finding is Finding.Known { Identity: var identity }) return await KnownAsync(realm, interaction, found.Upstream, identity, name, password, origin, stop);
            if (found.Finding is Finding.Unavailable not)
            {
                Note(realm, interaction, user, name, origin, "upstream_unavailable", $"{found.Upstream.Alias}: {not.Detail}");
                return await ContinueAsync(realm, interaction, found.Upstream, user, name, password, origin, stop);
            }
        }

        PasswordAnswer answer;
        string? renewed = null;
        try
        {
            answer = await passwords.CheckAsync(stored?.Hash, tooLong ? "" : password, stop, later: origin.Door is not null);
            if (answer == PasswordAnswer.RightButOld) renewed = await passwords.HashAsync(password, stop, later: origin.Door is not null);
        }
        catch (PasswordsBusy)
        {
            return new PasswordOutcome.Busy();
        }

        if (answer == PasswordAnswer.Wrong || user is not { Enabled: true }) return Wrong(realm, interaction, user, name, origin, refused is not null ? refused : user is null ? "user_not_found" : answer == PasswordAnswer.Wrong ? "invalid_user_credentials" : "user_disabled");
        if (await IsHalfAsync(user, interaction, origin, stop)) return Wrong(realm, interaction, user, name, origin, OneTimeFault.Wanted);
        return new PasswordOutcome.Proven(user, Proof.Password(stored?.Hash, renewed));
    }

    private async Task<PasswordOutcome> KnownAsync(Realm realm, Interaction? interaction, Upstream upstream, UpstreamIdentity identity, string name, string password, Origin origin, CancellationToken stop)
    {
        switch (await linking.ResolveAsync(upstream, identity, stop))
        {
            case LinkOutcome.Is { User: { Enabled: true } user }:
                if (await IsHalfAsync(user, interaction, origin, stop)) return Wrong(realm, interaction, user, name, origin, OneTimeFault.Wanted);
                await continuity.NoteAsync(upstream, identity, user, password, stop);
                var proof = new Proof(upstream.Kind, identity.Methods.IsEmpty ? ["pwd"] : identity.Methods, upstream.Alias, identity.SessionId, await KeptAsync(upstream, password, stop));
                return new PasswordOutcome.Proven(user, proof);
            case LinkOutcome.NeedsProof { Existing: var existing } when interaction is not null:
                var pending = interaction with { Pending = new PendingLink(upstream.Alias, identity, origin.Browser), LoginHint = existing.Username };
                await interactions.ChangeAsync(pending, stop);
                return new PasswordOutcome.Prove(pending, existing);
            case LinkOutcome.Is { User: var off }:
                return Wrong(realm, interaction, off, name, origin, "user_disabled");
            default:
                return Wrong(realm, interaction, null, name, origin, "user_not_found");
        }
    }

    private async Task<PasswordOutcome> InAsync(Realm realm, Interaction? interaction, User user, string name, Proof proof, Origin origin, Session? before, CancellationToken stop)
    {
        if (origin.Rules is not { } rules)
        {
            if (interaction is not null && await codes.BeginAsync(interaction, user, name, proof, origin, stop)) return new PasswordOutcome.SecondHalf(interaction);

            // Both sides are proven now: the upstream vouched before, and this is the user's own password.
            var linked = await links.TakeAsync(realm, interaction, user, origin, stop);
            return new PasswordOutcome.In(linked, await arrival.StartAsync(realm, interaction, linked, proof, users, origin, before, stop));
        }

        if (await rules.BarAsync(user, stop) is not { } barred) return new PasswordOutcome.In(user, await arrival.StartAsync(realm, interaction, user, proof with { Methods = [.. proof.Methods, .. rules.MoreMethods] }, users, origin, before, stop));
        if (barred != rules.Half) Note(realm, interaction, user, user.Username, origin, barred);
        return new PasswordOutcome.Barred(barred);
    }

    // While the directory is down: who may go on with less, and who is told that it is down. Nobody by a door that begins no session: what is less hangs on one.
    private async Task<PasswordOutcome> ContinueAsync(Realm realm, Interaction? interaction, Upstream upstream, User? user, string name, string password, Origin origin, CancellationToken stop)
    {
        try
        {
            switch (user is null || origin.Door is not null ? null : await continuity.CheckAsync(upstream, user, password, origin, stop))
            {
                case true:
                    return new PasswordOutcome.Proven(user!, Continuity.Proof(upstream));
                case false:
                    return Wrong(realm, interaction, user, name, origin, "invalid_user_credentials");
                default:
                    return new PasswordOutcome.Down(upstream.Title);
            }
        }
        catch (PasswordsBusy)
        {
            return new PasswordOutcome.Busy();
        }
    }

    // A full queue of hashes keeps nobody out: the next sign-in migrates them.
    private async Task<string?> KeptAsync(Upstream upstream, string password, CancellationToken stop)
    {
        if (!upstream.KeepsPasswords) return null;
        try
        {
            return await passwords.HashAsync(password, stop);
        }
        catch (PasswordsBusy)
        {
            return null;
        }
    }

    // A password alone is half of what this person shows, and this door has no place for a code: refused as a wrong one, and counted as one, so that nobody finds the right half this way.
    private async Task<bool> IsHalfAsync(User user, Interaction? interaction, Origin origin, CancellationToken stop) => (origin.Door is not null || (origin.Rules is { } rules ? !rules.AsksSecondFactor : interaction is null)) && await factors.FindAsync(user.Realm, user.Id, stop) is { Confirmed: true };

    private PasswordOutcome.Wrong Wrong(Realm realm, Interaction? interaction, User? user, string name, Origin origin, string error)
    {
        guard.Failed(realm.Name, name, origin.Network, origin.Device, origin.Mark);
        Note(realm, interaction, user, name, origin, error);
        return new PasswordOutcome.Wrong();
    }

    // The audit log may say what the page may not. Whoever is told to wait may knock as often as they like meanwhile: of that a sample.
    private void Note(Realm realm, Interaction? interaction, User? user, string name, Origin origin, string error, string? detail = null) => (error == "throttled" ? audit.NoteRefusal : (Action<AuditEvent>)audit.Note)(new AuditEvent
    {
        Realm = realm.Name, Type = "LOGIN_ERROR", Client = interaction?.ClientId ?? origin.Rules?.Client, User = user?.Id, Address = origin.Address, Error = error,
        Details = new Dictionary<string, string> { ["username"] = name.Length > 64 ? name[..64] : name, ["detail"] = detail ?? "", ["door"] = origin.Door ?? "" },
    });
}
