using System.Collections.Immutable;
using System.Text.Json;
using Gatehouse.Audit;
using Gatehouse.Clients;
using Gatehouse.Keys;
using Gatehouse.Sessions;
using Gatehouse.SignIn;
using Gatehouse.Terms;
using Gatehouse.Tokens;
using Gatehouse.Wire.Saml;

namespace Gatehouse.Protocols.Saml;

/// <summary>
/// Single logout (Profiles, 4.4). The session here ends first, whatever becomes of the rest; then the browser calls at the other applications of the session, one after the other, and ends where the sign-out began.
/// An application that does not send the browser back ends the round, and nothing worse.
/// </summary>
public sealed class SignOutEndpoint(
    Entrance entrance, ClientStore clients, SessionStore sessions, SignOut signOut, Lazy<SignOutWays> ways, Participants participants, Interactions interactions, SamlKeys keys, Issuers issuers, ShowFault showFault, AuditLog audit, TimeProvider time) : ISignOutWay
{
    private const string Round = "saml round";
    private const string Final = "saml final";

    private sealed record Call(string Client, SamlNameId Name, string Session);

    private sealed record Rest(string After, ImmutableArray<Call> Calls);

    private sealed record Answer(string Client, string Request, string? RelayState);

    /// <inheritdoc/>
    public async Task<string?> WayAsync(Session session, string after, string? client, CancellationToken stop)
    {
        var calls = (await participants.OfAsync(session.Realm, session.Id, stop)).Where(one => one.Client != client).Select(one => new Call(one.Client, one.NameId, one.Session)).ToImmutableArray();
        return calls.IsEmpty ? null : $"{SamlRoom.Path(session.Realm)}/sign-out?i={await KeepAsync(session.Realm, Round, new Rest(after, calls), stop)}";
    }

    /// <summary>GET <c>protocol/saml/sign-out</c>: the next application, or the end of the round.</summary>
    public async Task NextAsync(HttpContext context)
    {
        if (await entrance.RealmAsync(context) is { } realm) await GoRoundAsync(context, realm, context.Request.Query["i"].ToString());
    }

    /// <summary>GET <c>protocol/saml/signed-out</c>: the application that began it is told.</summary>
    public async Task FinishAsync(HttpContext context)
    {
        if (await entrance.RealmAsync(context) is not { } realm) return;
        if (await TakeAsync<Answer>(realm.Name, Final, context.Request.Query["i"].ToString(), context.RequestAborted) is not { } answer || await Partner.FindAsync(clients, realm.Name, answer.Client, context.RequestAborted) is not { } partner) Onward.Go(context, $"/realms/{realm.Name}/signed-out");
        else await AnswerAsync(context, realm, partner, answer);
    }

    /// <summary>A message about sign-out: an application's wish, or its answer to ours.</summary>
    internal async Task TakeAsync(HttpContext context, Realm realm, Message message)
    {
        // An answer says only that the browser is back; what it says of itself changes nothing, and the relay state is ours.
        if (!message.IsRequest)
        {
            await GoRoundAsync(context, realm, message.RelayState ?? "");
            return;
        }

        if (!LogoutRequest.TryRead(message.Root, out var wish, out var error) || await Partner.FindAsync(clients, realm.Name, wish.Issuer, context.RequestAborted) is not { } partner)
        {
            await RefuseAsync(context, realm, wish?.Issuer, error == SamlError.None ? SamlError.WrongIssuer : error);
            return;
        }

        (var believed, error) = partner.Believe(message, mustBeSigned: true);
        if (believed is null || !LogoutRequest.TryRead(believed, out wish, out error) || (error = partner.Check(wish, SamlRoom.Address(issuers, realm.Name), time.GetUtcNow())) != SamlError.None)
        {
            await RefuseAsync(context, realm, partner.Client.ClientId, error);
            return;
        }

        var known = await participants.KnownAsAsync(realm.Name, partner.Client.ClientId, wish.NameId, wish.SessionIndexes, context.RequestAborted);
        var others = new List<Session>();
        foreach (var one in known)
        {
            if (await sessions.FindAsync(realm.Name, one.Session, context.RequestAborted) is not { } session) continue;
            await signOut.EndAsync(session, partner.Client.ClientId, context.Connection.RemoteIpAddress?.ToString(), context.RequestAborted);
            others.Add(session);
        }

        Cookie.Clear(context.Response, realm.Name, issuers.IsTls);
        var after = $"{SamlRoom.Path(realm.Name)}/signed-out?i={await KeepAsync(realm.Name, Final, new Answer(partner.Client.ClientId, wish.Id, message.RelayState), context.RequestAborted)}";
        foreach (var session in others) after = await ways.Value.ThenAsync(session, after, partner.Client.ClientId, context.RequestAborted);
        Onward.Go(context, after);
    }

    private async Task GoRoundAsync(HttpContext context, Realm realm, string id)
    {
        var rest = await TakeAsync<Rest>(realm.Name, Round, id, context.RequestAborted);
        while (rest is { Calls: [var call, .. var others] })
        {
            rest = rest with { Calls = others };
            if (await Partner.FindAsync(clients, realm.Name, call.Client, context.RequestAborted) is not { Settings.SignOutAddress: { } address } partner) continue;
            var request = new LogoutRequest { Id = SamlWriting.NewId(), IssueInstant = time.GetUtcNow(), Issuer = issuers.Of(realm.Name), Destination = address, NameId = call.Name, SessionIndexes = [call.Session] };
            var relay = await KeepAsync(realm.Name, Round, rest, context.RequestAborted);
            await Message.SendAsync(context, address, partner.Settings.SignOutByPost, request.ToXml(), isRequest: true, relay, (await keys.OfAsync(realm.Name, context.RequestAborted))[0]);
            return;
        }

        Onward.Go(context, rest?.After ?? $"/realms/{realm.Name}/signed-out");
    }

    private async Task AnswerAsync(HttpContext context, Realm realm, Partner partner, Answer answer)
    {
        if ((partner.Settings.SignOutAnswerAddress ?? partner.Settings.SignOutAddress) is not { } address)
        {
            Onward.Go(context, $"/realms/{realm.Name}/signed-out");
            return;
        }

        var response = new LogoutResponse { Id = SamlWriting.NewId(), IssueInstant = time.GetUtcNow(), Issuer = issuers.Of(realm.Name), Destination = address, InResponseTo = answer.Request, Status = SamlStatus.Ok };
        await Message.SendAsync(context, address, partner.Settings.SignOutByPost, response.ToXml(), isRequest: false, answer.RelayState, (await keys.OfAsync(realm.Name, context.RequestAborted))[0]);
    }

    private async Task<string> KeepAsync<T>(string realm, string what, T state, CancellationToken stop)
        => (await interactions.KeepAsync(new Interaction { Id = "", Realm = realm, ResumePath = what, Payload = JsonSerializer.Serialize(state) }, TimeSpan.FromMinutes(10), stop)).Id;

    private async Task<T?> TakeAsync<T>(string realm, string what, string id, CancellationToken stop) where T : class
        => await interactions.FindAsync(realm, id, stop) is { } found && found.ResumePath == what && await interactions.TakeAsync(realm, id, stop) is { Payload: { } payload } ? JsonSerializer.Deserialize<T>(payload) : null;

    private Task RefuseAsync(HttpContext context, Realm realm, string? client, SamlError error)
    {
        audit.NoteRefusal(new AuditEvent { Realm = realm.Name, Type = "LOGOUT_ERROR", Client = client is { Length: > 200 } ? client[..200] : client, Address = context.Connection.RemoteIpAddress?.ToString(), Error = "invalid_saml_request", Details = new Dictionary<string, string> { ["reason"] = error.ToString() } });
        return showFault(context, realm.Name, Reasons.RequestInvalid, $"The application's sign-out is refused ({error}).");
    }
}
