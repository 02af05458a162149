using System.Collections.Immutable;
using Gatehouse.Dialogs;
using Gatehouse.Gateway.Events;

namespace Gatehouse.Gateway.Access;

/// <summary>Reads what is done to a platform's events on their way to a bot: <c>events: { project: NAME, dialog: MEMBER, open: […], close: […], token: MEMBER }</c>.</summary>
internal static class EventsReader
{
    // Names that a token must not take the place of.
    private static readonly string[] Taken = ["Authorization", "Host", "Content-Length", "Content-Type", "Transfer-Encoding", "Connection", "webhook-id", "webhook-timestamp", "webhook-signature"];

    public static EventPlan Read(YamlMap map)
    {
        var (project, from, dialog, token, header) = (map.Text("project"), map.Text("project-from"), map.Text("dialog"), map.Text("token"), map.Text("token-header"));
        var plan = new EventPlan
        {
            Project = project, ProjectFrom = Members(from), Dialog = Members(dialog), Open = [.. map.Texts("open")], Close = [.. map.Texts("close")], TokenMember = token, TokenHeader = header, Sign = map.Flag("sign", true),
            BotTokenVariable = map.Text("bot-token-env"), BotTokenFile = map.Text("bot-token-file"), Attempts = (int)Math.Clamp(map.Number("attempts") ?? 3, 1, 6),
        };
        if (project is null == from is null) map.Error("service.events", map.Line, "'events' needs 'project' (a name) or 'project-from' (members of the event that lead to it, as projectContext.projectToken), one of them.");
        else if (project is not null && !DialogProject.IsName(project)) map.Error("service.events", map.Line, "'project' has 1 to 64 letters, digits, '.', '_' and '-'.");
        if (plan.Dialog.IsEmpty || plan.Dialog.Concat(plan.ProjectFrom).Any(string.IsNullOrWhiteSpace)) map.Error("service.events", map.Line, "'dialog' names the members of the event that lead to the dialog's id, as dialogId or call.id.");
        if (token is null == header is null) map.Error("service.events", map.Line, "'events' needs 'token' (a member of the event) or 'token-header', one of them: where the bot finds the dialog's token.");
        else if (token is "") map.Error("service.events", map.Line, "'token' is empty.");
        else if (header is not null && (header.Length == 0 || !header.All(c => char.IsAsciiLetterOrDigit(c) || c == '-') || Taken.Contains(header, StringComparer.OrdinalIgnoreCase))) map.Error("service.events", map.Line, $"'{header}' cannot be the token's header.");
        if (plan is { BotTokenVariable: not null, BotTokenFile: not null } || plan.BotTokenVariable is "" || plan.BotTokenFile is "") map.Error("service.events", map.Line, "The bot's token is named by one of 'bot-token-env' and 'bot-token-file'.");
        map.Done();
        return plan;
    }

    private static ImmutableArray<string> Members(string? path) => path is null ? [] : [.. path.Split('.')];
}
