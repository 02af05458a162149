using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Gatehouse.Audit;
using Gatehouse.People;
using Gatehouse.Terms;
using Microsoft.Extensions.Options;

namespace Gatehouse.SignIn.OneTime;

/// <summary>What somebody is told between the first factor and the second.</summary>
/// <param name="Channel">Where the code comes from.</param>
/// <param name="Registered">Whether the factor was confirmed before.</param>
/// <param name="Secret">Secret of an app that is to be registered, Base32; null otherwise.</param>
/// <param name="Address">What the QR code of that app holds.</param>
/// <param name="Phone">Number to which codes go; null otherwise.</param>
/// <param name="Ticket">Interim ticket.</param>
public sealed record Interim(string Channel, bool Registered, string? Secret, string? Address, string? Phone, string Ticket);

/// <summary>The second factor. Nobody registers or causes a message before the first factor is proven; codes count once; guesses and messages are bounded; all of it is audited, and nothing secret is.</summary>
public sealed class SecondFactor(OneTimeStore store, TextMessages messages, InterimTickets tickets, UserCache users, AuditLog audit, IOptions<OneTimeSettings> options)
{
    private readonly OneTimeSettings settings = options.Value;

    /// <summary>The first factor is proven: what comes next. A registered factor goes before <paramref name="channel"/>.</summary>
    public async Task<Interim> BeginAsync(User user, string channel, Origin origin, CancellationToken stop)
    {
        await store.NotePendingAsync(user.Realm, user.Id, origin.Network, stop);
        var (factor, ticket) = (await store.FindAsync(user.Realm, user.Id, stop), tickets.Make(user.Realm, user.Id));
        Note(user, origin, AuditTypes.SecondFactor, "started", null);
        if (factor is { Confirmed: true }) return new Interim(factor.Channel, true, null, null, factor.Channel == Channel.Sms ? factor.Phone : null, ticket);
        if (channel == Channel.Sms) return new Interim(Channel.Sms, false, null, null, null, ticket);

        // A new one each time: whoever was shown one before, with a password that they found, must not know the one that its owner confirms.
        var made = RandomNumberGenerator.GetBytes(Totp.SecretBytes);
        if (!await store.PutAsync(user.Realm, user.Id, Channel.App, made, stop)) return new Interim(Channel.App, true, null, null, null, ticket);
        var secret = Totp.Base32(made);
        return new Interim(Channel.App, false, secret, $"otpauth://totp/{Uri.EscapeDataString(user.Username)}?secret={secret}&issuer={Uri.EscapeDataString(settings.Issuer)}", null, ticket);
    }

    /// <summary>The user of an interim ticket; null when it does not count.</summary>
    public async Task<User?> OfTicketAsync(string realm, string ticket, CancellationToken stop) => tickets.Open(realm, ticket) is { } id && await users.FindAsync(realm, id, stop) is { Enabled: true } user ? user : null;

    /// <summary>Whether this user proved the first factor from that network a moment ago.</summary>
    public Task<bool> IsPendingAsync(User user, Origin origin, CancellationToken stop) => store.IsPendingAsync(user.Realm, user.Id, origin.Network, stop);

    /// <summary>Who of those has this phone; null when nobody has, or more than one.</summary>
    public async Task<User?> PendingOfPhoneAsync(string realm, string phone, Origin origin, CancellationToken stop)
        => PhoneNumber.Read(phone) is { } read && await store.PendingOfPhoneAsync(realm, read, origin.Network, stop) is { } id ? await users.FindAsync(realm, id, stop) : null;

    /// <summary>Takes a phone for somebody who has no confirmed factor, and sends a code there. The number in its one form, or the fault and how long to wait.</summary>
    public async Task<(string? Phone, string? Fault, TimeSpan Wait)> RegisterPhoneAsync(User user, string number, Origin origin, CancellationToken stop)
    {
        if (PhoneNumber.Read(number) is not { } phone || (settings.SmsPrefixes.Count > 0 && !settings.SmsPrefixes.Any(one => phone.StartsWith(one, StringComparison.Ordinal)))) return Fail(user, origin, OneTimeFault.NotAPhone);
        if (!await store.PutAsync(user.Realm, user.Id, Channel.Sms, Encoding.UTF8.GetBytes(phone), stop)) return Fail(user, origin, OneTimeFault.Bound);
        Note(user, origin, AuditTypes.SecondFactor, "phone " + PhoneNumber.Mask(phone), null);
        return await SendToAsync(user, phone, origin, stop);
    }

    /// <summary>Sends a new code to somebody's phone; the one before counts no more.</summary>
    public async Task<(string? Phone, string? Fault, TimeSpan Wait)> SendAsync(User user, Origin origin, CancellationToken stop)
        => await store.FindAsync(user.Realm, user.Id, stop) is { Channel: Channel.Sms } factor ? await SendToAsync(user, factor.Phone, origin, stop) : Fail(user, origin, OneTimeFault.None);

    /// <summary>The second factor that the person confirmed; null when they have none.</summary>
    public async Task<Factor?> ConfirmedAsync(User user, CancellationToken stop) => await store.FindAsync(user.Realm, user.Id, stop) is { Confirmed: true } factor ? factor : null;

    /// <summary>Whether the person confirmed a second factor.</summary>
    public async Task<bool> IsConfirmedAsync(User user, CancellationToken stop) => await ConfirmedAsync(user, stop) is not null;

    /// <summary>Where the person's codes come from; null when there is no factor.</summary>
    public async Task<string?> ChannelOfAsync(User user, CancellationToken stop) => (await store.FindAsync(user.Realm, user.Id, stop))?.Channel;

    /// <summary>Tries a code: null when it is right; else one of <see cref="OneTimeFault"/>'s.</summary>
    public async Task<string?> CheckAsync(User user, string code, Origin origin, CancellationToken stop)
    {
        // Digits and their number are the same for both channels; anything else is no guess, and is counted all the same.
        var fault = await store.TryAsync(user.Realm, user.Id, code.Trim(), stop);
        if (fault is null) await store.DonePendingAsync(user.Realm, user.Id, stop);
        Note(user, origin, fault is null ? AuditTypes.SecondFactor : AuditTypes.SecondFactorError, fault is null ? "right" : "", fault);
        return fault;
    }

    /// <summary>Notes a call of the second factor that was refused before anybody was known.</summary>
    public void Refused(Realm realm, User? user, Origin origin, string fault)
        => audit.NoteRefusal(new AuditEvent { Realm = realm.Name, Type = AuditTypes.SecondFactorError, User = user?.Id, Address = origin.Address, Error = fault });

    private async Task<(string? Phone, string? Fault, TimeSpan Wait)> SendToAsync(User user, string phone, Origin origin, CancellationToken stop)
    {
        var code = RandomNumberGenerator.GetInt32(1_000_000).ToString("D6", CultureInfo.InvariantCulture);
        if (await store.IssueAsync(user.Realm, user.Id, phone, origin.Network, code, stop) is { } wait) return Fail(user, origin, OneTimeFault.Flood, wait);
        if (await messages.SendAsync(phone, code, stop) != Sending.Taken)
        {
            await store.VoidAsync(user.Realm, user.Id, stop);
            return Fail(user, origin, OneTimeFault.NotSent);
        }

        Note(user, origin, AuditTypes.SecondFactor, "sent " + PhoneNumber.Mask(phone), null);
        return (phone, null, default);
    }

    private (string?, string?, TimeSpan) Fail(User user, Origin origin, string fault, TimeSpan wait = default)
    {
        Note(user, origin, AuditTypes.SecondFactorError, "", fault);
        return (null, fault, wait);
    }

    private void Note(User user, Origin origin, string type, string what, string? fault) => audit.Note(new AuditEvent
    {
        Realm = user.Realm, Type = type, Client = origin.Rules?.Client, User = user.Id, Address = origin.Address, Error = fault, Details = what.Length == 0 ? null : new Dictionary<string, string> { ["step"] = what },
    });
}
