using System.Text.Json;
using Gatehouse.Audit;
using Gatehouse.Clients;
using Gatehouse.Sessions;
using Gatehouse.SignIn;
using Gatehouse.Terms;
using Gatehouse.Tokens;
using Gatehouse.Wire.Saml;

namespace Gatehouse.Protocols.Saml;

/// <summary>
/// Single sign-on for applications that speak SAML 2.0 (Profiles, 4.1), at Keycloak's addresses: 1 read, 2 whose is it and is it believed, 3 is a session good enough, 4 else the sign-in, 5 on return an assertion.
/// Nothing is sent to an address that is not registered.
/// </summary>
public sealed class SignOnEndpoint(Entrance entrance, ClientStore clients, SessionStore sessions, Interactions interactions, SignOnAnswer answer, SignOutEndpoint signOut, Issuers issuers, ShowFault showFault, AuditLog audit, TimeProvider time)
{
    private static readonly string[] Contexts = [SamlNames.PasswordProtectedTransport, "urn:oasis:names:tc:SAML:2.0:ac:classes:Password", SamlNames.UnspecifiedContext];

    /// <summary>GET or POST <c>protocol/saml</c>.</summary>
    public async Task AskAsync(HttpContext context)
    {
        if (await entrance.RealmAsync(context) is not { } realm) return;
        var (message, error) = await Message.ReadAsync(context);
        if (message is null)
        {
            await RefuseAsync(context, realm, null, error);
            return;
        }

        if (!message.IsRequest || message.Root.Is(SamlNames.Protocol, "LogoutRequest"))
        {
            await signOut.TakeAsync(context, realm, message);
            return;
        }

        // 2 Who asks is read from what may be forged: it only says whose keys must fit.
        if (!AuthnRequest.TryRead(message.Root, out var request, out error))
        {
            await RefuseAsync(context, realm, null, error);
            return;
        }

        if (await Partner.FindAsync(clients, realm.Name, request.Issuer, context.RequestAborted) is not { } partner)
        {
            await RefuseAsync(context, realm, request.Issuer, SamlError.WrongIssuer);
            return;
        }

        (var believed, error) = partner.Believe(message, partner.Settings.SignedRequests);
        if (believed is null || !AuthnRequest.TryRead(believed, out request, out error) || (error = Partner.Check(request, message.IsSigned, SamlRoom.Address(issuers, realm.Name), time.GetUtcNow())) != SamlError.None)
        {
            await RefuseAsync(context, realm, partner.Client.ClientId, error);
            return;
        }

        if (partner.ConsumerOf(request) is not { } consumer)
        {
            await RefuseAsync(context, realm, partner.Client.ClientId, SamlError.WrongRecipient);
            return;
        }

        var wish = new SignOnWish(partner.Client.ClientId, request.Id, consumer, message.RelayState, request.NameIdFormat is SamlNames.UnspecifiedName ? null : request.NameIdFormat, request.IsPassive, request.ForceAuthn);
        if (wish.Format is not null && !SamlNames.IsKnownName(wish.Format)) await answer.RefuseAsync(context, realm, wish, new SamlStatus(SamlNames.Requester, SamlNames.InvalidNameIdPolicy, "This name format is not offered."));
        else if (request.AuthnContexts.Length > 0 && request.Comparison is "exact" or "better" && !request.AuthnContexts.Any(Contexts.Contains)) await answer.RefuseAsync(context, realm, wish, new SamlStatus(SamlNames.Responder, SamlNames.NoAuthnContext, "None of these authentication contexts is offered."));
        else if (message.Redirect is not null) await GoOnAsync(context, realm, partner, wish, null, request.Subject?.Value);
        else
        {
            // A browser leaves our cookies out of a form that another site posts: it comes again by itself.
            var kept = await BeginAsync(realm, partner, wish, request.Subject?.Value, context);
            Onward.Go(context, $"{SamlRoom.Path(realm.Name)}/go?i={kept.Id}");
        }
    }

    /// <summary>GET <c>protocol/saml/go</c>: the browser comes with its cookies after a POST.</summary>
    public async Task GoAsync(HttpContext context)
    {
        if (await entrance.RealmAsync(context) is not { } realm) return;
        var interaction = await interactions.FindAsync(realm.Name, context.Request.Query["i"].ToString(), context.RequestAborted);
        if (await WishOfAsync(realm, interaction, context.RequestAborted) is not ({ } wish, { } partner)) await LostAsync(context, realm);
        else await GoOnAsync(context, realm, partner, wish, interaction, interaction!.LoginHint);
    }

    /// <summary>GET <c>protocol/saml/clients/{name}</c>: a sign-in that begins here.</summary>
    public async Task StartAsync(HttpContext context)
    {
        if (await entrance.RealmAsync(context) is not { } realm) return;
        var name = (string)context.Request.RouteValues["name"]!;
        if (await StartsAsync(realm.Name, name, context.RequestAborted) is not { } partner)
        {
            await showFault(context, realm.Name, Reasons.NotFound, null);
            return;
        }

        var relay = context.Request.Query["RelayState"].ToString() is { Length: > 0 and <= Message.LongestRelayState } given ? given : partner.Settings.StartRelayState;
        await GoOnAsync(context, realm, partner, new SignOnWish(partner.Client.ClientId, null, partner.Settings.Consumers[0], relay, null, false, false), null, null);
    }

    /// <summary>GET <c>protocol/saml/resume</c>: the browser comes back from the sign-in. Only the session that finished the interaction may go on with it, and only once.</summary>
    public async Task ResumeAsync(HttpContext context)
    {
        if (await entrance.RealmAsync(context) is not { } realm) return;
        if (await entrance.ReturnedAsync(context, realm, $"{SamlRoom.Path(realm.Name)}/resume") is not { } back || await WishOfAsync(realm, back.Interaction, context.RequestAborted) is not ({ } wish, { } partner)) await LostAsync(context, realm);
        else if (back.Interaction.Fresh && !back.IsFresh) await answer.RefuseAsync(context, realm, wish, new SamlStatus(SamlNames.Responder, SamlNames.AuthnFailed, "The person did not sign in again."));
        else await answer.IssueAsync(context, realm, partner, wish, back.Session);
    }

    // 3, 4
    private async Task GoOnAsync(HttpContext context, Realm realm, Partner partner, SignOnWish wish, Interaction? kept, string? hint)
    {
        if (await entrance.SessionAsync(context, realm) is { } session && !wish.Fresh)
        {
            sessions.Touch(session, realm.SessionIdle);
            if (kept is not null) await interactions.TakeAsync(realm.Name, kept.Id, context.RequestAborted);
            await answer.IssueAsync(context, realm, partner, wish, session);
            return;
        }

        if (wish.Passive)
        {
            await answer.RefuseAsync(context, realm, wish, new SamlStatus(SamlNames.Responder, SamlNames.NoPassive, "Nobody is signed in."));
            return;
        }

        kept ??= await BeginAsync(realm, partner, wish, hint, context);
        Onward.Go(context, Interactions.SignInPath(kept, ""));
    }

    private Task<Interaction> BeginAsync(Realm realm, Partner partner, SignOnWish wish, string? hint, HttpContext context) => interactions.BeginAsync(new Interaction
    {
        Id = "", Realm = realm.Name, ClientId = partner.Client.ClientId, ClientName = partner.Client.Name, ResumePath = $"{SamlRoom.Path(realm.Name)}/resume?i=", Payload = JsonSerializer.Serialize(wish), Fresh = wish.Fresh, LoginHint = hint,
    }, realm.InteractionLife, context);

    // Checked again: the application may have been changed while the person typed.
    private async Task<(SignOnWish? Wish, Partner? Partner)> WishOfAsync(Realm realm, Interaction? interaction, CancellationToken stop)
    {
        if (interaction?.Payload is not { } payload || !interaction.ResumePath.StartsWith($"{SamlRoom.Path(realm.Name)}/resume", StringComparison.Ordinal)) return (null, null);
        var wish = JsonSerializer.Deserialize<SignOnWish>(payload)!;
        return await Partner.FindAsync(clients, realm.Name, wish.Client, stop) is { } partner && partner.Settings.Consumers.Contains(wish.Consumer) ? (wish, partner) : (null, null);
    }

    private async Task<Partner?> StartsAsync(string realm, string name, CancellationToken stop)
        => await clients.FindAsync(realm, one => one is { Enabled: true, Saml: { } saml } && saml.StartName == name, stop) is { } found ? new Partner(found, found.Saml!) : null;

    private Task LostAsync(HttpContext context, Realm realm) => showFault(context, realm.Name, Reasons.RequestInvalid, "This sign-in is over. Go back to the application and start again.");

    private Task RefuseAsync(HttpContext context, Realm realm, string? client, SamlError error)
    {
        audit.NoteRefusal(new AuditEvent { Realm = realm.Name, Type = "LOGIN_ERROR", Client = client is { Length: > 200 } ? client[..200] : client, Address = context.Connection.RemoteIpAddress?.ToString(), Error = "invalid_saml_request", Details = new Dictionary<string, string> { ["reason"] = error.ToString() } });
        return showFault(context, realm.Name, Reasons.RequestInvalid, error switch
        {
            SamlError.WrongIssuer => "This application is not known here.",
            SamlError.WrongRecipient => "The application asks for an answer at an address that is not registered.",
            SamlError.NotSigned or SamlError.BadSignature => "The application's request is not signed as it must be.",
            _ => $"The application's request is refused ({error}).",
        });
    }
}

/// <summary>A checked request for sign-in, as an interaction keeps it.</summary>
/// <param name="Client">Entity ID of the application.</param>
/// <param name="Request">ID of the request; null when the sign-in began here.</param>
/// <param name="Consumer">Registered address that the answer goes to.</param>
/// <param name="RelayState">Given back as it came.</param>
/// <param name="Format">Name format that is asked for; null for the application's usual one.</param>
/// <param name="Passive">No page may be shown.</param>
/// <param name="Fresh">The person must prove who they are again.</param>
public sealed record SignOnWish(string Client, string? Request, string Consumer, string? RelayState, string? Format, bool Passive, bool Fresh);
