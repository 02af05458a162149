using System.CommandLine;
using Gatehouse.Admin.Representations;
using Gatehouse.Audit;

namespace Gatehouse.House.Commands;

/// <summary><c>gatehouse audit</c>.</summary>
internal static class AuditCommands
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(1);
    private static readonly Option<string?> Type = new("--type") { Description = "Only this type, such as LOGIN_ERROR or CREATE.", HelpName = "TYPE" };
    private static readonly Option<string?> User = new("--user") { Description = "Only this user id.", HelpName = "ID" };
    private static readonly Option<string?> Client = new("--client") { Description = "Only this client_id.", HelpName = "CLIENT" };
    private static readonly Option<int> Max = new("--max") { Description = "At most so many, 1 to 500.", DefaultValueFactory = _ => 50 };
    private static readonly Option<bool> Follow = new("--follow", "-f") { Description = "Go on and show events as they come; Ctrl-C ends it." };

    public static Verb Build(Terminal terminal) => DataVerb.Group(
        "audit", "What happened: sign-ins, tokens, refusals, admin changes.",
        ["gatehouse audit list --type LOGIN_ERROR", "gatehouse audit list --follow --json"],
        DataVerb.Make(terminal, "list", "Lists events, oldest of the newest first.", [Type, User, Client, Max, Follow], ListAsync, ["gatehouse audit list", "gatehouse audit list --type GATE_REFUSAL --max 500", "gatehouse audit list --follow --json"]));

    private static async Task<int> ListAsync(Job job)
    {
        var query = new AuditQuery(job.Realm.Name, job.Words.GetValue(Type), job.Words.GetValue(User), job.Words.GetValue(Client), Limit: Math.Clamp(job.Words.GetValue(Max), 1, 500));
        var page = await job.Shop.Audit.ListAsync(query, job.Stop);
        var events = page.Events.Reverse().ToList();
        if (!job.Words.GetValue(Follow))
        {
            if (job.Json) return await job.SayAsync(events.Select(Shown).ToArray());
            job.Terminal.Table(["at", "type", "who", "client", "address", "what"], events.Select(Cells));
            return CommandLine.Done;
        }

        foreach (var one in events) Say(job, one);
        await FollowAsync(job, query, events.Count == 0 ? 0 : long.Parse(events[^1].Id));
        return CommandLine.Done;
    }

    private static async Task FollowAsync(Job job, AuditQuery query, long last)
    {
        using var timer = new PeriodicTimer(Every, job.Shop.Time);
        try
        {
            while (await timer.WaitForNextTickAsync(job.Stop))
            {
                var fresh = new List<StoredAuditEvent>();
                string? before = null;
                do
                {
                    var page = await job.Shop.Audit.ListAsync(query with { Before = before, Limit = 500 }, job.Stop);
                    fresh.AddRange(page.Events.Where(one => long.Parse(one.Id) > last));
                    before = page.Events.Count > 0 && long.Parse(page.Events[^1].Id) > last ? page.Next : null;
                }
                while (before is not null);
                foreach (var one in fresh.AsEnumerable().Reverse()) Say(job, one);
                if (fresh.Count > 0) last = long.Parse(fresh[0].Id);
            }
        }
        catch (OperationCanceledException)
        {
            // Ctrl-C is how it ends.
        }
    }

    private static object Shown(StoredAuditEvent one) => one.Event.Resource is null ? EventRepresentation.Of(one) : AdminEventRepresentation.Of(one);

    private static IReadOnlyList<string?> Cells(StoredAuditEvent one)
        => [one.At.ToString("u"), one.Event.Type, one.Event.User ?? one.Event.Details?.GetValueOrDefault("username"), one.Event.Client, one.Event.Address, one.Event.Error ?? one.Event.Resource];

    private static void Say(Job job, StoredAuditEvent one)
    {
        if (job.Json) job.SayLine(Shown(one));
        else job.Terminal.Output.WriteLine(string.Join("  ", Cells(one).Select(cell => Terminal.Printable(cell ?? "-"))));
    }
}
