using System.Security.Cryptography;
using Gatehouse.Dialogs;
using Gatehouse.Terms;

namespace Gatehouse.Gateway.Events;

/// <summary>
/// What happens to a platform's event between the gate's decision and the bot: 1 read, 2 which dialog, 3 the dialog opened, kept alive or ended, 4 a fresh token put in, 5 signed. The platform need not know of any of it.
/// Only an event that opens or ends a dialog waits for the database.
/// </summary>
public sealed class EventRoad(DialogEvents events, DialogProjects projects, DialogTokens tokens, TimeProvider time)
{
    /// <summary>The event as the bot gets it, or why it does not.</summary>
    /// <param name="Body">Body to send.</param>
    /// <param name="Refused">Reason of refusal; null when it goes on.</param>
    public readonly record struct Prepared(byte[] Body, Reason? Refused);

    /// <summary>Prepares an event: the request's headers are set, its body is returned.</summary>
    public async Task<Prepared> PrepareAsync(HttpContext context, Ask ask, Decision.Pass pass, EventPlan plan, string realm)
    {
        // 1
        using var document = await EventBody.ReadAsync(context, pass.Route.Service.MaxBody, time);
        if (document is null) return No(Reasons.DialogUnreadable);

        // 2
        if (EventBody.TextAt(document.RootElement, plan.Dialog) is not { } id || !DialogKey.TryParse(id, out _)) return No(Reasons.DialogUnreadable);
        if ((plan.Project ?? EventBody.TextAt(document.RootElement, plan.ProjectFrom)) is not { } project || projects.Find(realm, project) is not { } rules) return No(Reasons.DialogProject);
        var kind = ask.Path.Value[(ask.Path.Value.LastIndexOf('/') + 1)..];

        // 3
        var sign = plan.Close.Contains(kind) ? SignOfLife.Last : plan.Open.Contains(kind) ? SignOfLife.First : SignOfLife.One;
        var change = await events.HearAsync(realm, id, project, pass.Principal?.Client ?? pass.Principal?.Subject ?? "event", sign);
        if (change.Fault != DialogFault.None) return No(change.Fault == DialogFault.Unavailable ? Reasons.Busy : Reasons.DialogConflict);
        var dialog = change.Dialog;

        // 4
        var over = dialog.StateAt(time.GetUtcNow().ToUnixTimeMilliseconds()) == DialogState.Over;
        var token = over ? null : tokens.Mint(realm, id, dialog, visitor: false);
        var body = EventBody.With(document.RootElement, plan.TokenMember, token);
        var headers = context.Request.Headers;
        if (plan.TokenHeader is { } header)
        {
            if (token is null) headers.Remove(header);
            else headers[header] = token;
        }

        // 5 Whatever stood there came from somebody else.
        foreach (var name in (string[])["webhook-id", "webhook-timestamp", "webhook-signature"]) headers.Remove(name);
        if (plan.Sign)
        {
            var (message, at) = ("evt_" + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(12)), time.GetUtcNow().ToUnixTimeSeconds());
            headers["webhook-id"] = message;
            headers["webhook-timestamp"] = at.ToString();
            headers["webhook-signature"] = EventSignature.Sign(projects.Secrets(rules), message, at, body);
        }

        return new Prepared(body, null);
    }

    private static Prepared No(Reason reason) => new([], reason);
}
