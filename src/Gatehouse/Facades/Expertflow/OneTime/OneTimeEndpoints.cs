using System.Text.Json;
using Gatehouse.Clients;
using Gatehouse.People;
using Gatehouse.SignIn;
using Gatehouse.SignIn.OneTime;
using Gatehouse.Terms;

namespace Gatehouse.Facades.Expertflow.OneTime;

/// <summary><c>register-phone</c>, <c>send-sms-otp</c> and <c>validate-otp</c> below <c>/agent-manager/agent</c>: the second factor after the first, never before it. What these calls refuse is in the form of their own; what the sign-in behind <c>validate-otp</c> refuses, in the sign-in's.</summary>
internal sealed class OneTimeEndpoints(Desk desk, FirstFactor first, SecondFactor second, Direct direct)
{
    private static readonly Fault Off = new(400, Vendor.OneTimeFailed, "No second factor is asked for here (facades:expertflow:secondFactor).") { Code = "one_time_off" };

    /// <summary><c>{username, phoneNumber}</c>: takes a phone for somebody who has no second factor yet, and sends a code there.</summary>
    public async Task RegisterAsync(HttpContext context)
    {
        var (posted, fault) = await Posted.ReadAsync(context);
        if (fault is null && posted!.Digits(Vendor.PhoneNumber) is null) fault = Fault.Bad("The member 'phoneNumber' is missing.");
        if (fault is not null || await OpenAsync(context, posted!, enrols: true) is not var (realm, client, origin, user))
        {
            if (fault is not null) await Reply.FaultAsync(context, fault with { Message = Vendor.OneTimeFailed });
            return;
        }

        // The operator chose the app: a phone would be the weaker way around it.
        if (desk.SecondFactor != Channel.Sms)
        {
            await Reply.FaultAsync(context, new Fault(400, Vendor.OneTimeFailed, "The second factor here is an authenticator app; no phone is registered.") { Code = "one_time_app_only" });
            return;
        }

        var (phone, failed, wait) = await second.RegisterPhoneAsync(user, posted!.Digits(Vendor.PhoneNumber)!, origin, context.RequestAborted);
        if (failed is not null) await Reply.FaultAsync(context, Words.Of(failed, wait)!);
        else
        {
            // In both places where a client may look: the envelope of this call is on no public page.
            await Reply.ObjectAsync(context, wrapped: false, writer =>
            {
                Members(writer);
                writer.WriteNumber("statusCode", 200);
                writer.WriteStartObject("data");
                Members(writer);
                writer.WriteEndObject();
            });
        }

        void Members(Utf8JsonWriter writer)
        {
            writer.WriteString(Vendor.Username, user.Username);
            writer.WriteBoolean("is2FARegistered", false);
            writer.WriteString("twoFAChannel", Channel.Sms);
            writer.WriteString(Vendor.PhoneNumber, phone);
            writer.WriteString("message", Vendor.OneTimeRequired);
        }
    }

    /// <summary><c>{phoneNumber}</c>: sends a new code to the phone of whoever is half way in; the one before counts no more.</summary>
    public async Task SendAsync(HttpContext context)
    {
        var (posted, fault) = await Posted.ReadAsync(context);
        if (fault is null && !posted!.Has(Vendor.Username) && posted.Digits(Vendor.PhoneNumber) is null && FirstFactor.TicketOf(context, posted) is null) fault = Fault.Bad("The member 'phoneNumber' is missing.");
        if (fault is not null)
        {
            await Reply.FaultAsync(context, fault with { Message = Vendor.OneTimeFailed });
            return;
        }

        if (await OpenAsync(context, posted!, enrols: false) is not var (_, _, origin, user)) return;
        var (_, failed, wait) = await second.SendAsync(user, origin, context.RequestAborted);
        if (failed is not null) await Reply.FaultAsync(context, IsOff(failed) ? Off : Words.Of(failed, wait)!);
        else
        {
            await Reply.ObjectAsync(context, wrapped: false, writer =>
            {
                writer.WriteNumber("statusCode", 200);
                writer.WriteString("message", Vendor.OneTimeSent);
                writer.WriteString("data", Vendor.OneTimeSent);
            });
        }
    }

    /// <summary><c>{username, password, otp}</c>: both factors at once, and the whole sign-in's answer. The password is checked again, since nothing is kept of it.</summary>
    public async Task ValidateAsync(HttpContext context)
    {
        var (posted, fault) = await Posted.ReadAsync(context);
        var code = posted is null ? null : Vendor.Codes.Select(posted.Digits).FirstOrDefault(one => one is not null);
        if (fault is null && code is null) fault = Fault.Bad("The member 'otp' is missing.");
        var username = fault is null ? posted!.Text(Vendor.Username, Names.Longest, out fault) : null;
        var password = fault is null ? posted!.Text(Vendor.Password, Passwords.Longest, out fault) : null;
        if (fault is not null)
        {
            await Reply.FaultAsync(context, fault with { Message = Vendor.OneTimeFailed });
            return;
        }

        if (await desk.OpenOrAnswerAsync(context, Vendor.OneTimeFailed) is not var (realm, client)) return;
        var origin = Origin.Of(context) with { Rules = desk.Rules };
        // A ticket that is shown must be this person's: what does not fit together is no mistake of an honest client.
        if (FirstFactor.TicketOf(context, posted!) is { } ticket && await second.OfTicketAsync(realm.Name, ticket, context.RequestAborted) is var owner && owner?.Username != Names.Fold(username!))
        {
            second.Refused(realm, owner, origin, OneTimeFault.Ticket);
            await Reply.FaultAsync(context, Words.Of(OneTimeFault.Ticket)!);
            return;
        }

        var entry = desk.Enter(code, origin);
        var outcome = await direct.PasswordAsync(realm, client, entry.Rules, username!, new Secret(password!), origin, context.RequestAborted);
        if (outcome is DirectOutcome.Barred barred && IsOff(barred.Code)) await Reply.FaultAsync(context, Off);
        else await desk.AnswerAsync(context, wrapped: true, outcome, _ => LoginEndpoint.Wrong, entry.FactorChannel);
    }

    // Where nobody is asked to register, those who have go on; the others are told.
    private bool IsOff(string fault) => fault == OneTimeFault.None && desk.SecondFactor is null;

    private async Task<(Realm Realm, Client Client, Origin Origin, User User)?> OpenAsync(HttpContext context, Posted posted, bool enrols)
    {
        if (await desk.OpenOrAnswerAsync(context, Vendor.OneTimeFailed) is not var (realm, client)) return null;
        var origin = Origin.Of(context) with { Rules = desk.Rules };
        var (user, fault) = enrols && desk.SecondFactor is null ? (null, Off) : await first.OfAsync(context, realm, client, posted, origin);
        if (user is not null) return (realm, client, origin, user);
        await Reply.FaultAsync(context, fault!);
        return null;
    }
}
