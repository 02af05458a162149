using Gatehouse.Clients;
using Gatehouse.People;
using Gatehouse.SignIn;
using Gatehouse.SignIn.OneTime;
using Gatehouse.Terms;

namespace Gatehouse.Facades.Expertflow.OneTime;

/// <summary>
/// Who calls for a second factor, and how they prove the first: by interim ticket; by user name and password; or, for clients that send neither, by having signed in with a password from the same network minutes ago. A proof that is shown and does not
/// count is refused: there is no falling back to a weaker one.
/// </summary>
internal sealed class FirstFactor(Desk desk, Direct direct, SecondFactor second, Users users)
{
    /// <summary>The person, or the fault, which the audit log has.</summary>
    public async Task<(User? User, Fault? Fault)> OfAsync(HttpContext context, Realm realm, Client client, Posted posted, Origin origin)
    {
        var stop = context.RequestAborted;
        var (ticket, username) = (TicketOf(context, posted), posted.Optional(Vendor.Username));
        if (ticket is not null)
        {
            var owner = await second.OfTicketAsync(realm.Name, ticket, stop);
            return owner is not null && (username is null || Names.Fold(username) == owner.Username) ? (owner, null) : No(realm, owner, origin, OneTimeFault.Ticket);
        }

        if (username is not null && posted.Optional(Vendor.Password) is { } password)
        {
            if (password.Length > Passwords.Longest || username.Length > Names.Longest) return No(realm, null, origin, OneTimeFault.NoFirstFactor);
            var entry = desk.Enter(null, origin, always: true);
            return await direct.PasswordAsync(realm, client, entry.Rules, username, new Secret(password), origin, stop) switch
            {
                _ when entry.Half is { } half => (half, null),
                DirectOutcome.Wait wait => (null, Fault.Wait(Vendor.OneTimeFailed, wait.For)),
                DirectOutcome.Unavailable => (null, Fault.Later(Vendor.OneTimeFailed)),
                DirectOutcome.Barred barred => (null, EntryCheck.Words(barred.Code) with { Message = Vendor.OneTimeFailed }),
                _ => No(realm, null, origin, OneTimeFault.NoFirstFactor),
            };
        }

        // An unknown name, and one that is not half way in, are one answer.
        if (username is not null)
        {
            var named = username.Length <= Names.Longest ? await users.FindByNameAsync(realm.Name, Names.Fold(username), stop) : null;
            return named is { Enabled: true } && await second.IsPendingAsync(named, origin, stop) ? (named, null) : No(realm, named, origin, OneTimeFault.NoFirstFactor);
        }

        return posted.Digits(Vendor.PhoneNumber) is { } phone && await second.PendingOfPhoneAsync(realm.Name, phone, origin, stop) is { Enabled: true } holder ? (holder, null) : No(realm, null, origin, OneTimeFault.NoFirstFactor);
    }

    /// <summary>The interim ticket of a request; null when there is none.</summary>
    public static string? TicketOf(HttpContext context, Posted posted) => posted.Has(Vendor.Ticket) ? posted.Optional(Vendor.Ticket) ?? "" : context.Request.Headers[Vendor.TicketHeader] is [{ } header] ? header : null;

    private (User?, Fault) No(Realm realm, User? user, Origin origin, string code)
    {
        second.Refused(realm, user, origin, code);
        return (null, Words.Of(code)!);
    }
}
