using Gatehouse.SignIn;

namespace Gatehouse.Facades.Finesse;

/// <summary>
/// <c>GET /finesse/api/UserAuthMode/{loginName|id}</c>: how somebody signs in, before they do. Anybody may ask, so a name that nobody has is answered like most people's, SSO, and whoever asks too often is told to wait:
/// what is left to learn is that a name signs in with a password, which its owner learns here too.
/// </summary>
internal sealed class UserAuthModeEndpoint(Site site, Modes modes, Agents agents, Curiosity curiosity, Admission admission)
{
    private static readonly ApiError Disabled = new(403, Vendor.Forbidden, "UserAuthModeService is disabled");

    public async Task AskAsync(HttpContext context)
    {
        if (!site.Settings.UserAuthMode)
        {
            await Reply.ErrorAsync(context, Disabled);
            return;
        }

        if (site.Realm is not { } realm)
        {
            await Reply.ErrorAsync(context, ApiError.Closed("the realm is not open"));
            return;
        }

        if (!curiosity.Allows(Origin.Of(context).Network))
        {
            var curious = new ApiError(503, Vendor.Unavailable, "Too many questions from this network. Try again in a minute.") { RetryAfter = 60 };
            admission.Note(context, realm, null, curious, "UserAuthMode");
            await Reply.ErrorAsync(context, curious);
            return;
        }

        var mode = modes.System;
        if (mode == Modes.Hybrid) mode = await agents.FindAsync(realm.Name, (string)context.Request.RouteValues["id"]!, context.RequestAborted) is { Enabled: true } user ? await modes.OfAsync(user, context.RequestAborted) : Modes.Sso;
        await Reply.XmlAsync(context, 200, xml =>
        {
            xml.WriteStartElement("UserAuthMode");
            xml.WriteElementString("authMode", mode);
            xml.WriteEndElement();
        });
    }
}
