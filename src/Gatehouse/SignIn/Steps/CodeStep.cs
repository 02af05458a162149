using Gatehouse.People;
using Gatehouse.Sessions;
using Gatehouse.SignIn.OneTime;
using Gatehouse.Terms;
using Microsoft.Extensions.Options;

namespace Gatehouse.SignIn.Steps;

/// <summary>How an attempt with a code ended.</summary>
public abstract record CodeOutcome
{
    private CodeOutcome()
    {
    }

    /// <summary>The person is in; the value goes into the cookie.</summary>
    /// <param name="Name">Folded name that was typed with the password.</param>
    /// <param name="Cookie">The session's cookie.</param>
    public sealed record In(string Name, string Cookie) : CodeOutcome;

    /// <summary>The code is wrong, was used, or is too old.</summary>
    public sealed record Wrong : CodeOutcome;

    /// <summary>Too many were wrong.</summary>
    public sealed record Wait : CodeOutcome;

    /// <summary>The first half does not count any more: the sign-in begins again with the password.</summary>
    public sealed record Over : CodeOutcome;
}

/// <summary>The code of whoever confirmed a second factor, after the password and before the session. Until it is right nothing has begun and nothing is linked; guesses are counted for the person, at all doors together.</summary>
public sealed class CodeStep(SecondFactor second, Interactions interactions, Users users, PendingLinks links, Arrival arrival, TimeProvider time, IOptions<OneTimeSettings> options)
{
    /// <summary>The password is proven: keeps that, and sends a message where codes come so. False when the person has no second factor.</summary>
    internal async Task<bool> BeginAsync(Interaction interaction, User user, string name, Proof proof, Origin origin, CancellationToken stop)
    {
        if (await second.ConfirmedAsync(user, stop) is not { } factor) return false;
        var unsent = factor.Channel == Channel.Sms ? (await second.SendAsync(user, origin, stop)).Fault : null;
        await interactions.ChangeAsync(interaction with { Half = new HalfIn(user.Id, name, proof, time.GetUtcNow() + options.Value.Patience, origin.Browser) { Unsent = unsent } }, stop);
        return true;
    }

    /// <summary>Who is half in, and with which factor; null when nobody is in this browser, or not any more.</summary>
    public async Task<(HalfIn Half, User User, Factor Factor)?> FindAsync(Interaction interaction, Origin origin, CancellationToken stop)
    {
        if (interaction.Half is not { } half || !half.IsOf(origin) || half.Until <= time.GetUtcNow()) return null;
        if (await users.FindAsync(interaction.Realm, half.User, stop) is not { Enabled: true } user || await second.ConfirmedAsync(user, stop) is not { } factor) return null;

        // A password that was set in the meantime is there because the old one is not trusted.
        var isOwn = half.Proof.Upstream is null;
        return isOwn && (await users.PasswordAsync(interaction.Realm, user.Id, stop))?.Hash != half.Proof.OldPasswordHash ? null : (half, user, factor);
    }

    /// <summary>Sends another message; the code before it counts no more.</summary>
    public async Task<string?> SendAgainAsync(Interaction interaction, User user, Origin origin, CancellationToken stop)
    {
        var unsent = (await second.SendAsync(user, origin, stop)).Fault;
        if (unsent != interaction.Half!.Unsent) await interactions.ChangeAsync(interaction with { Half = interaction.Half with { Unsent = unsent } }, stop);
        return unsent;
    }

    /// <summary>Tries a code; when it is right, the session begins.</summary>
    public async Task<CodeOutcome> TryAsync(Realm realm, Interaction interaction, string code, Origin origin, Session? before, CancellationToken stop)
    {
        if (await FindAsync(interaction, origin, stop) is not var (half, user, factor)) return new CodeOutcome.Over();
        switch (await second.CheckAsync(user, code, origin, stop))
        {
            case null:
                var linked = await links.TakeAsync(realm, interaction, user, origin, stop);
                var proof = half.Proof with { Methods = [.. half.Proof.Methods, factor.Channel == Channel.Sms ? "sms" : "otp", "mfa"] };
                return new CodeOutcome.In(half.Name, await arrival.StartAsync(realm, interaction, linked, proof, users, origin, before, stop));
            case OneTimeFault.Wait:
                return new CodeOutcome.Wait();
            case OneTimeFault.None:
                return new CodeOutcome.Over();
            default:
                return new CodeOutcome.Wrong();
        }
    }

    /// <summary>Forgets the first half: somebody else wants to sign in.</summary>
    public Task ForgetAsync(Interaction interaction, CancellationToken stop) => interaction.Half is null ? Task.CompletedTask : interactions.ChangeAsync(interaction with { Half = null }, stop);
}
