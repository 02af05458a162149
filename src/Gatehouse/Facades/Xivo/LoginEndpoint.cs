using Gatehouse.SignIn;
using Gatehouse.Terms;

namespace Gatehouse.Facades.Xivo;

/// <summary><c>POST auth/login</c>: login and password for a token. Also at <c>auth/webservice</c>: a web-service user differs by an attribute, not by the address.</summary>
internal sealed class LoginEndpoint(Desk desk, Direct direct)
{
    // One answer for an unknown user, a wrong password and a disabled account: 2022.10 and later have one code for them too.
    private static readonly Fault Wrong = new(401, Vendor.InvalidCredentials, "Invalid username or password");

    public async Task AskAsync(HttpContext context)
    {
        var (values, fault) = await Posted.ReadAsync(context, Vendor.Login, Vendor.Password);
        if (fault is not null)
        {
            await Reply.FaultAsync(context, fault);
            return;
        }

        if (await desk.OpenOrAnswerAsync(context) is not var (realm, client)) return;
        var outcome = await direct.PasswordAsync(realm, client, desk.Rules, values![0], new Secret(values[1]), Origin.Of(context), context.RequestAborted);
        await desk.AnswerAsync(context, outcome, Vendor.InvalidCredentials, _ => Wrong);
    }
}
