using Gatehouse.Facades.Expertflow.OneTime;
using Gatehouse.People;
using Gatehouse.SignIn;
using Gatehouse.SignIn.OneTime;
using Gatehouse.Terms;
using Microsoft.Extensions.Options;

namespace Gatehouse.Facades.Expertflow;

/// <summary><c>POST /agent-manager/agent/login</c> and <c>POST /unified-admin/keycloakLogin</c>: name and password, or what a Finesse knows, for tokens and the person.</summary>
internal sealed class LoginEndpoint(Desk desk, Direct direct, SecondFactor second, FinesseHosts hosts, IOptions<ExpertflowSettings> options)
{
    private readonly bool wrapped = options.Value.Wrapped;

    // One answer for an unknown user, a wrong password and a disabled account.
    internal static readonly Fault Wrong = new(401, Vendor.LoginFailed, "Invalid user credentials: the user name or the password is wrong, or the account is disabled.") { Code = "invalid_credentials" };

    /// <summary>The agent's and the supervisor's sign-in.</summary>
    public Task AgentAsync(HttpContext context) => AskAsync(context, true, fault => Reply.FaultAsync(context, fault));

    /// <summary>The administrator's sign-in, in the form that is configured.</summary>
    public Task AdminAsync(HttpContext context) => AskAsync(context, wrapped, fault => !wrapped && fault.Status == 401 ? Reply.TextAsync(context, 401, Vendor.BareRefusal) : Reply.FaultAsync(context, fault));

    private async Task AskAsync(HttpContext context, bool inData, Func<Fault, Task> refuse)
    {
        var (posted, fault) = await Posted.ReadAsync(context);
        var username = fault is null ? posted!.Text(Vendor.Username, 255, out fault) : null;
        var finesse = fault is null && posted!.Has(Vendor.FinesseUrl) ? posted.Text(Vendor.FinesseUrl, 2048, out fault) : null;
        var token = fault is null && finesse is not null && posted!.Flag(Vendor.AuthWithSso) ? posted.Text(Vendor.AuthToken, 16 * 1024, out fault) : null;
        var password = fault is null && token is null ? posted!.Text(Vendor.Password, Passwords.Longest, out fault) : null;
        if (fault is not null)
        {
            await Reply.FaultAsync(context, fault);
            return;
        }

        if (await desk.OpenOrAnswerAsync(context, Vendor.LoginFailed) is not var (realm, client)) return;
        var origin = Origin.Of(context);
        var entry = desk.Enter(null, origin);
        var rules = entry.Rules;
        FinesseHost? host = null;
        if (finesse is not null && (host = hosts.Find(realm, finesse)) is null)
        {
            hosts.Refuse(realm, username!, desk.Rules, origin);
            await Reply.FaultAsync(context, new Fault(403, Vendor.LoginFailed, "This Finesse is not one of those that are configured here.") { Code = "finesse_unknown" });
            return;
        }

        // Who shows a token signed in elsewhere, where the second factor is asked for: by the realm's own sign-in, or the identity service's.
        var outcome = token is not null ? await hosts.TokenAsync(realm, client, desk.Rules, host!, username!, new Secret(token), origin, context.RequestAborted)
            : await direct.PasswordAsync(realm, client, rules with { Provider = host?.Provider }, username!, new Secret(password!), origin, context.RequestAborted);
        if (entry.Half is { } half) await HalfWayAsync(context, inData, half, origin with { Rules = desk.Rules });
        else if (outcome is DirectOutcome.Refused refused) await refuse(token is null ? Wrong : FinesseHosts.Words(refused.Code));
        else await desk.AnswerAsync(context, inData, outcome, _ => Wrong);
    }

    private async Task HalfWayAsync(HttpContext context, bool inData, User half, Origin origin)
    {
        var interim = await second.BeginAsync(half, desk.SecondFactor ?? Channel.App, origin, context.RequestAborted);

        // The vendor's library sends the code with the sign-in: its clients call send-sms-otp for another one only. Where too much was sent already, that call is the one that says so.
        if (interim is { Registered: true, Channel: Channel.Sms } && (await second.SendAsync(half, origin, context.RequestAborted)).Fault == OneTimeFault.NotSent)
            await Reply.FaultAsync(context, Words.Of(OneTimeFault.NotSent)! with { Message = Vendor.LoginFailed });
        else await InterimReply.WriteAsync(context, inData, half, interim);
    }
}
