using System.CommandLine;
using Gatehouse.Clients;

namespace Gatehouse.House.Commands;

/// <summary><c>gatehouse legacy</c>: who still uses a secret that many share.</summary>
internal static class LegacyCommands
{
    private static readonly Option<string?> Secret = new("--secret") { Description = "Only this secret: its name under 'legacy' in the access file.", HelpName = "NAME" };
    private static readonly Option<int> Days = new("--days") { Description = "After how many days without a use a client counts as weaned, 1 to 90.", HelpName = "N", DefaultValueFactory = _ => 30 };

    public static Verb Build(Terminal terminal) => DataVerb.Group(
        "legacy", "Shared secrets such as XiVO's PLAY_AUTH_TOKEN: who still uses them, and how to move them to accounts of their own.",
        ["gatehouse legacy report --secret play"],
        DataVerb.Make(terminal, "report",
            "Groups the uses of shared secrets by address and User-Agent, and proposes for each group a service account with just the routes that it used: the command that makes it, and the rules for the access file. Says who still sends an old value, and when a secret can be removed.",
            [Secret, Days], ReportAsync, ["gatehouse legacy report", "gatehouse legacy report --secret play --days 14", "gatehouse legacy report --json"]));

    private static async Task<int> ReportAsync(Job job)
    {
        if (job.Words.GetValue(Days) is < 1 or > 90) throw new StartRefused("--days must be 1 to 90: uses are kept for 90 days.");
        var (realm, secret) = (job.Realm.Name, job.Words.GetValue(Secret));
        var proposals = LegacyProposal.Of(realm, await job.Shop.LegacyUses.AllAsync(realm, secret, job.Stop), secret, job.Words.GetValue(Days), job.Shop.Time.GetUtcNow());
        if (job.Json) return await job.SayAsync(proposals);
        if (proposals.Count == 0) job.Terminal.Output.WriteLine("No use of a shared secret is on record (uses are kept for 90 days).");
        foreach (var proposal in proposals) Say(job, proposal);
        return CommandLine.Done;
    }

    private static void Say(Job job, LegacyProposal proposal)
    {
        var (output, now) = (job.Terminal.Output, job.Shop.Time.GetUtcNow());
        output.WriteLine($"Shared secret '{Terminal.Printable(proposal.Secret)}'. {Terminal.Printable(proposal.Summary)}");
        if (proposal.Clients.Count == 0) return;
        output.WriteLine();
        job.Terminal.Table(["address", "agent", "uses", "last", "value", "routes"], proposal.Clients.Select(client => (IReadOnlyList<string?>)
        [
            client.Address, client.Agent.Length == 0 ? "(none)" : client.Agent, client.Times.ToString(), TimeWords.Say(client.Last, now), client.Quiet ? "weaned" : client.OnOldValue ? "old" : "current",
            string.Join("; ", client.Routes.Select(route => $"{string.Join('|', route.Methods)} {route.Path}")),
        ]));
        var busy = proposal.Clients.Where(client => client is { Quiet: false, Command: not null }).ToList();
        if (busy.Count == 0) return;
        output.WriteLine();
        output.WriteLine("1. Make a service account for each; give it the secret that is shown, and have it obtain tokens (client credentials):");
        foreach (var client in busy) output.WriteLine($"   {client.Command}");
        output.WriteLine();
        output.WriteLine("2. Put these rules into the access file, in the place of rules with the same path and methods. \"legacy:" + proposal.Secret + "\" stays in them until everybody has moved:");
        foreach (var service in proposal.Rules)
        {
            output.WriteLine($"   # service {Terminal.Printable(service.Service)}");
            foreach (var line in service.Lines) output.WriteLine($"   {Terminal.Printable(line)}");
        }

        output.WriteLine();
        output.WriteLine("3. Run this report again until it says that the secret can be removed.");
        if (proposal.Clients.Any(client => client.Client is null)) output.WriteLine("   Some uses could not be told apart ('others'): move the clients above first, then look again.");
    }
}
