using System.CommandLine;
using Gatehouse.Audit;
using Gatehouse.Tokens;

namespace Gatehouse.House.Commands;

/// <summary><c>gatehouse gadgets</c>: the kill switch of each gadget.</summary>
internal static class GadgetCommands
{
    private static readonly Argument<string> Gadget = new("GADGET") { Description = "The gadget's id, as in the settings." };

    public static Verb Build(Terminal terminal) => DataVerb.Group(
        "gadgets", "Gadgets of the agent desktop: end the tokens that one holds, at once, without signing anybody out.",
        ["gatehouse gadgets stop crm-lookup", "gatehouse gadgets allow crm-lookup"],
        DataVerb.Make(terminal, "stop", "Stops a gadget: none of its tokens counts any more, and none is made until it is allowed again. The agents stay signed in, and other gadgets go on.", [Gadget], StopAsync, ["gatehouse gadgets stop crm-lookup"]),
        DataVerb.Make(terminal, "allow", "Allows a gadget again. It gets new tokens; what it held before stays dead.", [Gadget], AllowAsync, ["gatehouse gadgets allow crm-lookup"]),
        DataVerb.Make(terminal, "stopped", "Lists the gadgets that are stopped.", [], ListAsync, ["gatehouse gadgets stopped --json"]));

    private static async Task<int> StopAsync(Job job)
    {
        var (realm, gadget) = (job.Realm.Name, Id(job));
        await job.Shop.Database.WriteAsync(async work =>
        {
            await job.Shop.GadgetStops.StopAsync(work, realm, gadget);
            await job.Shop.Audit.WriteAsync(work, Event(realm, gadget, "GADGET_STOP"));
            return true;
        }, job.Stop);
        return await job.DoneAsync($"Gadget '{gadget}' is stopped: its tokens count no more.", new { gadget, stopped = true });
    }

    private static async Task<int> AllowAsync(Job job)
    {
        var (realm, gadget) = (job.Realm.Name, Id(job));
        var was = await job.Shop.Database.WriteAsync(async work =>
        {
            if (!await job.Shop.GadgetStops.AllowAsync(work, realm, gadget)) return false;
            await job.Shop.Audit.WriteAsync(work, Event(realm, gadget, "GADGET_ALLOW"));
            return true;
        }, job.Stop);
        if (!was) throw new StartRefused($"Gadget '{gadget}' is not stopped in realm '{realm}'.");
        return await job.DoneAsync($"Gadget '{gadget}' may obtain tokens again.", new { gadget, stopped = false });
    }

    private static async Task<int> ListAsync(Job job)
    {
        var all = await job.Shop.GadgetStops.ListAsync(job.Realm.Name, job.Stop);
        if (job.Json) return await job.SayAsync(all.Select(one => new { one.Gadget, one.At }).ToArray());
        if (all.Count == 0) job.Terminal.Output.WriteLine("No gadget is stopped.");
        else job.Terminal.Table(["gadget", "stopped"], all.Select(one => (IReadOnlyList<string?>)[one.Gadget, TimeWords.Say(one.At, job.Shop.Time.GetUtcNow())]));
        return CommandLine.Done;
    }

    private static string Id(Job job)
    {
        var gadget = job.Words.GetValue(Gadget)!;
        return GadgetCut.IsId(gadget) ? gadget : throw new StartRefused($"'{Terminal.Printable(gadget)}' is no gadget's id: letters, digits, dots, hyphens and underscores, 64 at most.");
    }

    private static AuditEvent Event(string realm, string gadget, string type)
        => new() { Realm = realm, Type = type, Resource = $"gadgets/{gadget}", Client = "gatehouse-cli", Details = new Dictionary<string, string> { ["operator"] = Environment.UserName } };
}
