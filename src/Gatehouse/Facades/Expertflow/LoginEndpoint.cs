using Gatehouse.Facades.Expertflow.OneTime;
using Gatehouse.SignIn;
using Gatehouse.SignIn.OneTime;
using Gatehouse.Terms;
using Microsoft.Extensions.Options;

namespace Gatehouse.Facades.Expertflow;

/// <summary><c>POST /agent-manager/agent/login</c> and <c>POST /unified-admin/keycloakLogin</c>: name and password for tokens and the person.</summary>
internal sealed class LoginEndpoint(Desk desk, Direct direct, SecondFactor second, IOptions<ExpertflowSettings> options)
{
    private readonly bool wrapped = options.Value.Wrapped;

    // One answer for an unknown user, a wrong password and a disabled account.
    internal static readonly Fault Wrong = new(401, Vendor.LoginFailed, "Invalid user credentials: the user name or the password is wrong, or the account is disabled.");

    /// <summary>The agent's and the supervisor's sign-in.</summary>
    public Task AgentAsync(HttpContext context) => AskAsync(context, true, fault => Reply.FaultAsync(context, fault));

    /// <summary>The administrator's sign-in, in the form that is configured.</summary>
    public Task AdminAsync(HttpContext context) => AskAsync(context, wrapped, fault => !wrapped && fault.Status == 401 ? Reply.TextAsync(context, 401, Vendor.BareRefusal) : Reply.FaultAsync(context, fault));

    private async Task AskAsync(HttpContext context, bool inData, Func<Fault, Task> refuse)
    {
        var (posted, fault) = await Posted.ReadAsync(context);
        var username = fault is null ? posted!.Text(Vendor.Username, 255, out fault) : null;
        if (fault is null && posted!.Has(Vendor.FinesseUrl)) fault = Fault.Bad("No Finesse is configured here, so the member 'finesseUrl' cannot be used.");
        var password = fault is null ? posted!.Text(Vendor.Password, Passwords.Longest, out fault) : null;
        if (fault is not null)
        {
            await Reply.FaultAsync(context, fault);
            return;
        }

        if (await desk.OpenOrAnswerAsync(context, Vendor.LoginFailed) is not var (realm, client)) return;
        var origin = Desk.OriginOf(context);
        var entry = desk.SecondFactor is null ? null : desk.Enter(null, origin);
        var outcome = await direct.PasswordAsync(realm, client, entry?.Rules ?? desk.Rules, username!, new Secret(password!), origin, context.RequestAborted);
        if (entry?.Half is { } half) await InterimReply.WriteAsync(context, inData, half, await second.BeginAsync(half, desk.SecondFactor!, origin with { Rules = desk.Rules }, context.RequestAborted));
        else if (outcome is DirectOutcome.Refused) await refuse(Wrong);
        else await desk.AnswerAsync(context, inData, outcome, _ => Wrong);
    }
}
