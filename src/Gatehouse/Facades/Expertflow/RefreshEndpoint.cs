using Gatehouse.Audit;
using Gatehouse.Clients;
using Gatehouse.People;
using Gatehouse.Sessions;
using Gatehouse.SignIn;
using Gatehouse.Terms;
using Gatehouse.Tokens;
using Gatehouse.Tokens.Grants;
using Gatehouse.Wire.OAuth;
using Microsoft.Extensions.Options;

namespace Gatehouse.Facades.Expertflow;

/// <summary><c>POST /agent-manager/agent/refresh-token</c>: the next tokens of the session. The body's name of the token and the answer's shape are on no public page, so both spellings are read and both shapes are answered.</summary>
internal sealed class RefreshEndpoint(Desk desk, RefreshGrant grant, Issuer issuer, SessionStore sessions, UserCache users, Seals seals, AuditLog audit, IOptions<ExpertflowSettings> options)
{
    private readonly TimeSpan expires = options.Value.Expires;

    // The library's status and its words; which check failed is in the audit log.
    private static readonly Fault Over = new(400, Vendor.RefreshFailed, Vendor.RefreshExpired) { Code = "refresh_token_over" };

    public async Task AskAsync(HttpContext context)
    {
        var (posted, fault) = await Posted.ReadAsync(context);
        if (fault is null && posted!.Has(Vendor.RefreshToken) && posted.Has(Vendor.RefreshTokenToo)) fault = Fault.Bad("Send the token once, as 'refreshToken' or as 'refresh_token'.");
        var shown = fault is null ? posted!.Text(posted.Has(Vendor.RefreshTokenToo) ? Vendor.RefreshTokenToo : Vendor.RefreshToken, 4096, out fault) : null;
        if (fault is not null)
        {
            await Reply.FaultAsync(context, fault with { Message = Vendor.RefreshFailed });
            return;
        }

        if (await desk.OpenOrAnswerAsync(context, Vendor.RefreshFailed) is not var (realm, client)) return;
        var (tokens, refused) = await RenewAsync(context, realm, client, shown!);
        if (tokens is null)
        {
            await Reply.FaultAsync(context, refused! with { Message = Vendor.RefreshFailed });
            return;
        }

        var next = seals.Mark(tokens.RefreshToken!);
        await Reply.ObjectAsync(context, wrapped: false, writer =>
        {
            writer.WriteNumber("status", 200);
            writer.WriteString("access_token", tokens.AccessToken);
            writer.WriteString(Vendor.RefreshTokenToo, next);
            writer.WriteNumber("statusCode", 200);
            writer.WriteStartObject("data");
            writer.WriteString(Vendor.Token, tokens.AccessToken);
            writer.WriteString(Vendor.RefreshTokenToo, next);
            writer.WriteEndObject();
        });
    }

    private async Task<(TokenSet? Tokens, Fault? Refused)> RenewAsync(HttpContext context, Realm realm, Client client, string shown)
    {
        var (stop, address) = (context.RequestAborted, Origin.Of(context).Address);
        if (seals.Unmark(shown) is not { } token)
        {
            Note("not_ours", null, null);
            return (null, Over);
        }

        switch (await grant.AuthorizeAsync(new GrantRequest(realm, client, Parameters.Of([new("refresh_token", token)]), address) { Door = Desk.Door }, stop))
        {
            case GrantResult.Repeated same:
                return (same.Tokens, null);
            case GrantResult.Granted { Authorization: { User: { } id } authorization }:
                var rules = desk.Rules;
                if (await users.FindAsync(realm.Name, id, stop) is not { } user) return (null, Over);
                if (await rules.BarAsync(user, stop) is { } barred)
                {
                    Note(barred, user.Id, authorization.Session?.Id);
                    return (null, EntryCheck.Words(barred));
                }

                if (authorization.Session is { } session) sessions.Touch(session, rules.Idle(user, realm.SessionIdle));
                var (tokens, error) = await issuer.MintAsync(authorization with { Client = client with { AccessTokenLife = expires } }, stop);
                return tokens is not null ? (tokens, null) : (null, error!.Status >= 500 ? Fault.Later(Vendor.RefreshFailed) : Over);
            case GrantResult.Refused { Error: var why }:
                Note(why.Code, null, null);
                return (null, Over);
            default:
                return (null, Over);
        }

        void Note(string error, string? user, string? session) => audit.NoteRefusal(new AuditEvent { Realm = realm.Name, Type = "REFRESH_TOKEN_ERROR", Client = client.ClientId, User = user, Session = session, Address = address, Error = error });
    }
}
