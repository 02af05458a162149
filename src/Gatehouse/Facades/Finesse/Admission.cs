using System.Globalization;
using Gatehouse.Audit;
using Gatehouse.Credentials;
using Gatehouse.Credentials.Kinds;
using Gatehouse.People;
using Gatehouse.Sessions;
using Gatehouse.SignIn;
using Gatehouse.Terms;
using Gatehouse.Tokens;

namespace Gatehouse.Facades.Finesse;

/// <summary>Somebody who was let in to the REST API.</summary>
/// <param name="User">Who it is.</param>
/// <param name="Session">The session of their token; with a password the one in which they sit, null while they sit nowhere.</param>
/// <param name="Password">What they showed, where it was a password.</param>
internal sealed record Admitted(User User, Session? Session, Credential? Password);

/// <summary>Who asks at the REST API: by access token in SSO, by name and password in NON_SSO, and in HYBRID each person in their own way alone. A token of another realm, of a gadget, or of a client that is not Finesse's does not count.</summary>
internal sealed class Admission(Site site, Modes modes, Agents agents, Verifiers verifiers, BasicPassword passwords, Seats seats, SessionStore sessions, UserCache users, Issuers issuers, Crowds crowds, AuditLog audit)
{
    /// <summary>Who it is, or the error to answer, which is noted.</summary>
    public async Task<(Admitted? Admitted, ApiError? Error)> AdmitAsync(HttpContext context, Realm realm)
    {
        var person = Finder.FindPerson(context.Request.Headers);
        var (admitted, user, error) = person is Found.None ? await ByTokenAsync(context, realm) : await ByPasswordAsync(context, realm, (person as Found.One)?.Credential);
        if (error is null) return (admitted, null);
        Note(context, realm, user, error);
        if (error.Status == 401) context.Response.Headers.WWWAuthenticate = modes.OffersSso ? "Bearer" : "Basic realm=\"Cisco Finesse\"";
        return (null, error);
    }

    /// <summary>Notes a refusal; of a flood only a sample, since anybody may knock as often as they like.</summary>
    public void Note(HttpContext context, Realm realm, string? user, ApiError error, string? what = null)
    {
        var code = error.Type.ToLowerInvariant().Replace(' ', '_');
        if (crowds.Take(code, Origin.Of(context).Network, user) is not (> 0 and var stands)) return;
        var details = new Dictionary<string, string> { ["reason"] = error.Message, ["call"] = $"{context.Request.Method} {(what is { Length: > 100 } longer ? longer[..100] : what)}" };
        if (stands > 1) details["stands_for"] = stands.ToString(CultureInfo.InvariantCulture);
        audit.Note(new AuditEvent { Realm = realm.Name, Type = "FINESSE_USER_ERROR", Client = site.Settings.Client, User = user, Address = context.Connection.RemoteIpAddress?.ToString(), Error = code, Details = details });
    }

    private async Task<(Admitted?, string? User, ApiError?)> ByTokenAsync(HttpContext context, Realm realm)
    {
        if (Finder.Find(context.Request.Headers, null, issuers.IsTls) is not Found.One { Credential: { Kind: CredentialKind.Bearer } bearer }) return (null, null, Errors.Unknown);
        if (await verifiers.VerifyOwnAsync(bearer, realm.Name, context.RequestAborted) is not Verdict.Accepted { Principal: { Kind: PrincipalKind.User } principal }) return (null, null, Errors.Unknown);

        // Whoever is meant to call Finesse has its client among the audiences.
        if (!principal.IsFor(site.Settings.Client)) return (null, principal.Subject, Errors.Unknown);
        if (await users.FindAsync(realm.Name, principal.Subject, context.RequestAborted) is not { Enabled: true } user) return (null, principal.Subject, Errors.Unknown);
        if (principal.Session is not { } id || await sessions.FindAsync(realm.Name, id, context.RequestAborted) is not { } session) return (null, user.Id, Errors.Unknown);
        return await modes.OfAsync(user, context.RequestAborted) == Modes.Sso ? (new Admitted(user, session, null), user.Id, null) : (null, user.Id, Errors.WrongWay);
    }

    private async Task<(Admitted?, string? User, ApiError?)> ByPasswordAsync(HttpContext context, Realm realm, Credential? shown)
    {
        // Where nobody signs in with a password, none is looked at.
        if (shown is null || modes.System == Modes.Sso) return (null, null, shown is null ? Errors.Unknown : Errors.WrongWay);
        var named = await agents.FindAsync(realm.Name, shown.Name, context.RequestAborted);
        var credential = shown with { Name = named?.Username ?? shown.Name, From = context.Connection.RemoteIpAddress };
        switch (await passwords.Of(realm.Name).VerifyAsync(credential, context.RequestAborted))
        {
            case Verdict.Accepted { Principal: var principal } when await users.FindAsync(realm.Name, principal.Subject, context.RequestAborted) is { Enabled: true } user:
                if (await modes.OfAsync(user, context.RequestAborted) != Modes.NonSso) return (null, user.Id, Errors.WrongWay);
                var session = await seats.OfUserAsync(realm.Name, user.Id, context.RequestAborted) is { } seat ? await sessions.FindAsync(realm.Name, seat.Session, context.RequestAborted) : null;
                if (session is not null) sessions.Touch(session, realm.SessionIdle);
                return (new Admitted(user, session, credential), user.Id, null);
            case Verdict.Rejected { Wait: { } wait }:
                return (null, named?.Id, Errors.Blocked(wait));
            case Verdict.Unavailable:
                return (null, named?.Id, ApiError.Later);
            default:
                return (null, named?.Id, Errors.Unknown);
        }
    }
}
