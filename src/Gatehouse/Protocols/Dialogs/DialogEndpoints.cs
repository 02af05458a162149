using System.Text.Json;
using System.Text.Json.Serialization;
using Gatehouse.Audit;
using Gatehouse.Dialogs;
using Gatehouse.People;
using Gatehouse.SignIn;
using Gatehouse.Storage;
using Gatehouse.Terms;
using Gatehouse.Wire.Text;

namespace Gatehouse.Protocols.Dialogs;

/// <summary>Opens, extends, ends, freezes and shows dialogs, one call each; every call may be sent again. Answers carry a fresh token where one is of use.</summary>
internal sealed class DialogEndpoints(DialogStore store, DialogTokens tokens, LiveDialogs live, DialogAdmission admission, Realms realms, AuditLog audit, TimeProvider time)
{
    private const int MostBody = 4 * 1024;
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull };

    /// <summary>One dialog on the wire; instants in unix milliseconds.</summary>
    private sealed record Shape(string Id, string Project, string State, long StartedAt, long AliveUntil, long? EndedAt, long OverAt, long HardUntil, long? FrozenAt, string? Source, string? Token);

    /// <summary>A request after its realm was found and its principal admitted.</summary>
    internal sealed record Asked(HttpContext Context, Realm Realm, Principal Principal, CancellationToken Stop)
    {
        public string Id => (string)Context.Request.RouteValues["id"]!;
    }

    /// <summary>An endpoint with its common beginning and end.</summary>
    public RequestDelegate Of(Func<Asked, Task> endpoint) => async context =>
    {
        context.Response.Headers.CacheControl = "no-store";
        try
        {
            // An unknown realm answers as a wrong token does.
            var name = (string)context.Request.RouteValues["realm"]!;
            var principal = await admission.AdmitAsync(context, name, context.RequestAborted);
            if (realms.Find(name) is not { Enabled: true } realm) throw new DialogRefusal(Reasons.NotFound);
            await endpoint(new Asked(context, realm, principal, context.RequestAborted));
        }
        catch (DialogRefusal refusal) when (!context.Response.HasStarted)
        {
            await RefuseAsync(context, refusal);
        }
        catch (StorageBusy) when (!context.Response.HasStarted)
        {
            context.Response.Headers.RetryAfter = "2";
            await RefuseAsync(context, new DialogRefusal(Reasons.Busy));
        }
    };

    /// <summary>POST dialogs.</summary>
    public async Task OpenAsync(Asked asked)
    {
        await admission.NeedAsync(asked.Principal, asked.Stop, DialogAdmission.Manage);
        using var body = await ReadAsync(asked);
        var (id, project, visitor) = (Text(body, "id"), Text(body, "project"), Party(body));
        var source = asked.Principal.Client ?? asked.Principal.Name ?? asked.Principal.Subject;
        var change = await store.OpenAsync(asked.Realm.Name, id ?? throw Invalid("'id' is missing: the dialog's id, mostly a UUID."), project ?? throw Invalid("'project' is missing: the name of a dialog project of this realm."), source, asked.Stop);
        if (change.IsNew) Note(asked, "DIALOG_START", change.Id);
        await AnswerAsync(asked, change, visitor, change.IsNew ? 201 : 200);
    }

    /// <summary>POST dialogs/{id}/extend.</summary>
    public async Task ExtendAsync(Asked asked)
    {
        await admission.NeedAsync(asked.Principal, asked.Stop, DialogAdmission.Manage);
        using var body = await ReadAsync(asked);
        await AnswerAsync(asked, await store.ExtendAsync(asked.Realm.Name, asked.Id, asked.Stop), Party(body), 200);
    }

    /// <summary>POST dialogs/{id}/end.</summary>
    public async Task EndAsync(Asked asked)
    {
        await admission.NeedAsync(asked.Principal, asked.Stop, DialogAdmission.Manage);
        using var body = await ReadAsync(asked);
        var change = await store.EndAsync(asked.Realm.Name, asked.Id, asked.Stop);
        if (change.Fault == DialogFault.None) Note(asked, "DIALOG_END", change.Id);
        await AnswerAsync(asked, change, Party(body), 200);
    }

    /// <summary>POST dialogs/{id}/freeze.</summary>
    public async Task FreezeAsync(Asked asked)
    {
        await admission.NeedAsync(asked.Principal, asked.Stop, DialogAdmission.Manage);
        using var body = await ReadAsync(asked);
        var change = await store.FreezeAsync(asked.Realm.Name, asked.Id, null, asked.Stop);
        if (change.Fault == DialogFault.None) Note(asked, AuditTypes.DialogFrozen, change.Id);
        await AnswerAsync(asked, change, null, 200);
    }

    /// <summary>POST dialogs/{id}/token: a fresh one, for an event source, or for the bot or visitor who holds one still.</summary>
    public async Task TokenAsync(Asked asked)
    {
        using var body = await ReadAsync(asked);
        var party = Party(body);
        if (!DialogKey.TryParse(asked.Id, out var key)) throw new DialogRefusal(Reasons.NotFound, "There is no such dialog.");
        if (asked.Principal.Dialog is { } own)
        {
            // Each for itself: its own dialog, as what it is.
            if (!DialogKey.TryParse(own, out var mine) || mine != key) throw new DialogRefusal(Reasons.DialogOther);
            party = asked.Principal.Kind == PrincipalKind.Visitor;
        }
        else await admission.NeedAsync(asked.Principal, asked.Stop, DialogAdmission.Manage);

        if (live.Find(asked.Realm.Name, key) is not { } dialog) throw new DialogRefusal(Reasons.NotFound, "There is no such dialog.");
        await AnswerAsync(asked, new DialogChange(DialogFault.None, key.Spell(asked.Id), dialog), party ?? false, 200, asked.Principal.Dialog is null ? null : asked.Principal.IssuedAt);
    }

    /// <summary>GET dialogs/{id}.</summary>
    public async Task ShowAsync(Asked asked)
    {
        await admission.NeedAsync(asked.Principal, asked.Stop, DialogAdmission.View, DialogAdmission.Manage);
        if (await store.FindAsync(asked.Realm.Name, asked.Id, asked.Stop) is not { } stored) throw new DialogRefusal(Reasons.NotFound, "There is no such dialog; those that are over are forgotten after a day.");
        await WriteAsync(asked.Context, 200, ShapeOf(stored.Id, stored.Dialog, stored.Source, null));
    }

    /// <summary>GET dialogs: newest first, in pages (RFC 8288).</summary>
    public async Task ListAsync(Asked asked)
    {
        await admission.NeedAsync(asked.Principal, asked.Stop, DialogAdmission.View, DialogAdmission.Manage);
        var query = asked.Context.Request.Query;
        if (query.Keys.FirstOrDefault(name => name is not ("project" or "state" or "after" or "max")) is not null) throw Invalid("Known parameters are: project, state, after, max.");
        var max = query["max"].ToString() is { Length: > 0 } text ? int.TryParse(text, System.Globalization.NumberStyles.None, null, out var number) && number is > 0 and <= 1000 ? number : throw Invalid("'max' is a number from 1 to 1000.") : 100;
        DialogState? state = query["state"].ToString() switch { "" => null, "alive" => DialogState.Alive, "ended" => DialogState.Ended, "over" => DialogState.Over, _ => throw Invalid("'state' is alive, ended or over.") };
        var project = query["project"].ToString() is { Length: > 0 } name ? DialogProject.IsName(name) ? name : throw Invalid("This is no project's name.") : null;
        try
        {
            var page = await store.ListAsync(asked.Realm.Name, project, state, query["after"].ToString() is { Length: > 0 } after ? after : null, max, asked.Stop);
            if (page.Next is { } next)
                asked.Context.Response.Headers.Link = $"<{asked.Context.Request.Path}?{string.Join('&', query.Where(one => one.Key != "after").Select(one => $"{one.Key}={Uri.EscapeDataString(one.Value.ToString())}").Append($"after={Uri.EscapeDataString(next)}"))}>; rel=\"next\"";
            await WriteAsync(asked.Context, 200, page.Items.Select(one => ShapeOf(one.Id, one.Dialog, one.Source, null)).ToArray());
        }
        catch (ArgumentException wrong)
        {
            throw Invalid(wrong.Message);
        }
    }

    private async Task AnswerAsync(Asked asked, DialogChange change, bool? visitor, int status, DateTimeOffset? issuedAt = null)
    {
        switch (change.Fault)
        {
            case DialogFault.None: break;
            case DialogFault.BadId: throw Invalid("A dialog's id has 1 to 64 letters, digits, '.', '_' and '-', a letter or digit first.");
            case DialogFault.NoProject: throw Invalid("There is no such dialog project; see: gatehouse dialogs projects.");
            case DialogFault.Unknown: throw new DialogRefusal(Reasons.NotFound, "There is no such dialog.");
            case DialogFault.Taken: throw new DialogRefusal(Reasons.DialogConflict, "The id is that of a dialog of another project, or of one that is over.");
            case DialogFault.Ended: throw new DialogRefusal(Reasons.DialogConflict, "The dialog was ended; it does not come back.");
            default: throw new DialogRefusal(Reasons.DialogConflict, "The dialog is over.");
        }

        // Nothing can be done with a token of a dialog that is over, nor is one asked for by freezing.
        var token = visitor is { } party && change.Dialog.StateAt(time.GetUtcNow().ToUnixTimeMilliseconds()) != DialogState.Over ? tokens.Mint(asked.Realm.Name, change.Id, change.Dialog, party, issuedAt) : null;
        await WriteAsync(asked.Context, status, ShapeOf(change.Id, change.Dialog, null, token));
    }

    private Shape ShapeOf(string id, in Dialog dialog, string? source, string? token)
        => new(id, dialog.Project, dialog.StateAt(time.GetUtcNow().ToUnixTimeMilliseconds()).ToString().ToLowerInvariant(), dialog.StartedAt, dialog.AliveUntil, dialog.EndedAt > 0 ? dialog.EndedAt : null, dialog.OverAt, dialog.HardUntil, dialog.FrozenAt > 0 ? dialog.FrozenAt : null, source, token);

    private void Note(Asked asked, string type, string id)
        => audit.Note(new AuditEvent { Realm = asked.Realm.Name, Type = type, Resource = $"dialogs/{id}", Client = asked.Principal.Client, User = asked.Principal.Subject, Address = asked.Context.Connection.RemoteIpAddress?.ToString() });

    private static DialogRefusal Invalid(string detail) => new(Reasons.RequestInvalid, detail);

    private static async Task<JsonDocument> ReadAsync(Asked asked)
    {
        var request = asked.Context.Request;
        if (await PatientBody.ReadAsync(asked.Context, MostBody) is not { } body) throw new DialogRefusal(Reasons.RequestLarge, $"The body has more than {MostBody} bytes, or takes too long.");
        if (body.Length == 0) return JsonDocument.Parse("{}");
        if (!request.HasJsonContentType()) throw new DialogRefusal(Reasons.RequestMedia);
        return StrictJson.TryParse(body, Limits.Default, JsonValueKind.Object, out var document, out _) ? document : throw Invalid("The body must be a JSON object without a member twice.");
    }

    private static string? Text(JsonDocument body, string name)
        => !body.RootElement.TryGetProperty(name, out var value) ? null : value.ValueKind == JsonValueKind.String ? value.GetString() : throw Invalid($"'{name}' must be a text.");

    private static bool? Party(JsonDocument body) => Text(body, "party") switch { null or "bot" => false, "visitor" => true, _ => throw Invalid("'party' is bot or visitor.") };

    private static Task WriteAsync<T>(HttpContext context, int status, T value)
    {
        context.Response.StatusCode = status;
        return context.Response.WriteAsJsonAsync(value, Json, context.RequestAborted);
    }

    private static Task RefuseAsync(HttpContext context, DialogRefusal refusal)
    {
        var reason = refusal.Reason;
        if (reason.Status == 401) context.Response.Headers.WWWAuthenticate = ReferenceEquals(reason, Reasons.CredentialMissing) ? "Bearer" : "Bearer error=\"invalid_token\"";
        context.Response.StatusCode = reason.Status;
        return context.Response.WriteAsJsonAsync(new { type = $"urn:gatehouse:error:{reason.Code}", title = reason.Title, status = reason.Status, code = reason.Code, detail = refusal.Detail, hint = reason.Hint }, Json, "application/problem+json", context.RequestAborted);
    }
}
