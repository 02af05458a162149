using Gatehouse.Audit;
using Gatehouse.Keys;
using Gatehouse.People;
using Gatehouse.Sessions;
using Gatehouse.SignIn;
using Gatehouse.Terms;
using Gatehouse.Tokens;
using Gatehouse.Wire.Saml;

namespace Gatehouse.Protocols.Saml;

/// <summary>Answers a request for sign-in: with an assertion about the session's user, or a status that says why not; signed either way.</summary>
public sealed class SignOnAnswer(Users users, RightsCache rights, SamlKeys keys, Sealer sealer, Participants participants, Issuers issuers, AuditLog audit, TimeProvider time)
{
    private static readonly TimeSpan Life = TimeSpan.FromMinutes(5);

    /// <summary>An assertion.</summary>
    internal async Task IssueAsync(HttpContext context, Realm realm, Partner partner, SignOnWish wish, Session session)
    {
        var (stop, issuer) = (context.RequestAborted, issuers.Of(realm.Name));
        if (await users.FindAsync(realm.Name, session.User, stop) is not { Enabled: true } user)
        {
            await RefuseAsync(context, realm, wish, new SamlStatus(SamlNames.Responder, SamlNames.AuthnFailed, "The user is disabled."));
            return;
        }

        if (NameOf.In(wish.Format ?? partner.Settings.NameIdFormat, user, partner.Client, issuer, sealer) is not { } name)
        {
            await RefuseAsync(context, realm, wish, new SamlStatus(SamlNames.Responder, SamlNames.InvalidNameIdPolicy, "The user has no e-mail address."));
            return;
        }

        var now = time.GetUtcNow();
        var answer = new SamlAnswer
        {
            IssueInstant = now, Issuer = issuer, Destination = wish.Consumer, InResponseTo = wish.Request,
            Assertion = new SamlAssertion
            {
                IssueInstant = now, Issuer = issuer, Audience = partner.Client.ClientId, Recipient = wish.Consumer, InResponseTo = wish.Request, NameId = name, Lifetime = Life, AuthnInstant = session.AuthenticatedAt,
                AuthnContext = session.Methods.Contains("pwd") ? SamlNames.PasswordProtectedTransport : SamlNames.UnspecifiedContext, SessionIndex = session.Id, SessionUntil = session.EndsAt,
                Attributes = [.. AttributeText.Of(partner.Settings.Attributes, user, (await rights.OfAsync(realm.Name, RoleHolder.User, user.Id, stop)).Only(session.OnlyRoles))
                    .Select(one => new SamlAttributeValues(one.Name, null, one.Name.Contains(':', StringComparison.Ordinal) ? SamlNames.UriAttribute : SamlNames.BasicAttribute, one.Values))],
            },
        };
        await participants.NoteAsync(session, partner.Client.ClientId, name, stop);
        using var receiver = partner.Settings.EncryptionCertificate is { } certificate && SamlPublicKey.TryRead(certificate, out var read, out _) ? read : null;
        var signed = (partner.Settings.SignsAssertion, partner.Settings.SignsResponse) switch { (true, true) => SamlSigned.Both, (true, false) => SamlSigned.Assertion, _ => SamlSigned.Response };
        audit.Note(new AuditEvent { Realm = realm.Name, Type = "LOGIN", Client = partner.Client.ClientId, User = user.Id, Session = session.Id, Address = context.Connection.RemoteIpAddress?.ToString(), Details = new Dictionary<string, string> { ["username"] = user.Username, ["method"] = "saml" } });
        await SendAsync(context, wish, answer.ToXml((await keys.OfAsync(realm.Name, stop))[0].Key, signed, receiver));
    }

    /// <summary>A status that says why there is no assertion.</summary>
    internal async Task RefuseAsync(HttpContext context, Realm realm, SignOnWish wish, SamlStatus status)
    {
        audit.NoteRefusal(new AuditEvent { Realm = realm.Name, Type = "LOGIN_ERROR", Client = wish.Client, Address = context.Connection.RemoteIpAddress?.ToString(), Error = status.Nested?.Split(':')[^1], Details = new Dictionary<string, string> { ["reason"] = status.Message ?? "" } });
        var answer = new SamlAnswer { IssueInstant = time.GetUtcNow(), Issuer = issuers.Of(realm.Name), Destination = wish.Consumer, InResponseTo = wish.Request, Status = status };
        await SendAsync(context, wish, answer.ToXml((await keys.OfAsync(realm.Name, context.RequestAborted))[0].Key));
    }

    private static Task SendAsync(HttpContext context, SignOnWish wish, SamlElement message)
    {
        var fields = new List<(string, string)> { ("SAMLResponse", PostBinding.Write(message)) };
        if (wish.RelayState is not null) fields.Add(("RelayState", wish.RelayState));
        return OnwardForm.SendAsync(context, wish.Consumer, fields);
    }
}
