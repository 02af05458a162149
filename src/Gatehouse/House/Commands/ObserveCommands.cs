using System.CommandLine;
using System.Globalization;
using Gatehouse.Admin.Representations;
using Gatehouse.Audit;

namespace Gatehouse.House.Commands;

/// <summary><c>gatehouse observe</c>: who would be refused once observing ends, what to tell them, and when it is safe.</summary>
internal static class ObserveCommands
{
    private static readonly Option<string?> Service = new("--service") { Description = "Only this service of the access file.", HelpName = "NAME" };
    private static readonly Option<int> Days = new("--days") { Description = "For how many days nobody may have been in the way, 1 to 90.", DefaultValueFactory = _ => 7 };
    private static readonly Option<int> Max = new("--max") { Description = "At most so many groups, 1 to 500.", DefaultValueFactory = _ => 50 };
    private static readonly Option<bool> All = new("--all") { Description = "Also those who are acknowledged." };
    private static readonly Option<bool> Check = new("--check") { Description = "Exit code 1 while it is not safe, for scripts." };
    private static readonly Argument<string> Group = new("GROUP") { Description = "The group as the report names it; its first characters are enough." };
    private static readonly Option<string?> Note = new("--note") { Description = "Why they may be refused.", HelpName = "TEXT" };
    private static readonly Option<bool> Undo = new("--undo") { Description = "Take it back." };

    public static Verb Build(Terminal terminal) => DataVerb.Group(
        "observe", "Observe mode of the gate: who would be refused once it ends, and what to send to whom. The access file says what is observed ('observe: { until: … }'); see: gatehouse check FILE.",
        ["gatehouse observe report", "gatehouse observe acknowledge 3f9c2a --note \"a scanner, may be refused\""],
        DataVerb.Make(terminal, "report", "Says for each observed rule whether it is safe to enforce, and who would be refused, with a sentence to pass on to each.", [Service, Days, Max, All, Check], ReportAsync,
            ["gatehouse observe report", "gatehouse observe report --service calls --days 14", "gatehouse observe report --all --json", "gatehouse observe report --check && enforce"]),
        DataVerb.Make(terminal, "acknowledge", "Notes that those of a group may be refused: they no longer stand in the way of 'safe'.", [Group, Note, Undo], AcknowledgeAsync,
            ["gatehouse observe acknowledge 3f9c2a --note \"a scanner, may be refused\"", "gatehouse observe acknowledge 3f9c2a --undo"]));

    private static async Task<int> ReportAsync(Job job)
    {
        var (realm, service, days) = (job.Realm.Name, job.Words.GetValue(Service), job.Words.GetValue(Days));
        if (days is < 1 or > 90) throw new StartRefused("--days is 1 to 90.");
        var numbers = await job.Shop.Observed.CountAsync(realm, service, days, job.Shop.Time.GetUtcNow(), job.Stop);
        var page = await job.Shop.Observed.ListAsync(new ObservedQuery(realm, service, OpenOnly: !job.Words.GetValue(All), Limit: Math.Clamp(job.Words.GetValue(Max), 1, 500)), job.Stop);
        var safe = numbers.Count > 0 && numbers.All(one => one.Safe);
        if (job.Json) await job.SayAsync(ObserveRepresentation.Of(numbers, page.Items, days));
        else Tell(job, numbers, page.Items, page.Next is not null, safe);
        return safe || !job.Words.GetValue(Check) ? CommandLine.Done : CommandLine.Refused;
    }

    private static void Tell(Job job, IReadOnlyList<ObservedNumbers> numbers, IReadOnlyList<ObservedGroup> groups, bool more, bool safe)
    {
        var (output, now) = (job.Terminal.Output, job.Shop.Time.GetUtcNow());
        if (numbers.Count == 0)
        {
            output.WriteLine("No request of anything observed has come yet: that proves nothing. See what is observed with: gatehouse check FILE");
            return;
        }

        job.Terminal.Table(["service", "rule", "would be refused 24 h", "7 days", "who", "last", "ends", "safe"], numbers.Select(one => (IReadOnlyList<string?>)
            [one.Service, one.Rule, Share(one.DayRefused, one.Day), Share(one.WeekRefused, one.Week), one.Whos.ToString(CultureInfo.InvariantCulture), one.Last is { } last ? TimeWords.Say(last, now) : "never", TimeWords.Say(one.Until, now), one.Safe ? "yes" : "no"]));
        foreach (var one in numbers) output.WriteLine(Terminal.Printable($"{one.Service} {one.Rule}: {(one.Safe ? "safe" : "not safe")}, {one.Why}."));
        if (groups.Count > 0) output.WriteLine();
        foreach (var group in groups)
        {
            output.WriteLine(Terminal.Printable($"{group.Id[..12]}  {group.Times} times, last {TimeWords.Say(group.Last, now)}: {ObservedAdvice.Sentence(group)}"));
            if (group.Acknowledged is { } said) output.WriteLine(Terminal.Printable($"              {(group.IsOpen ? "acknowledged, and more have come since" : "acknowledged")} by {said.By}: {said.Note}"));
        }

        if (more) output.WriteLine("There are more groups: --max, --service, or GET /admin/realms/REALM/observe, which has pages.");
        output.WriteLine();
        output.WriteLine(safe ? "It is safe to enforce." : "It is not safe to enforce yet. Pass the sentences on, or acknowledge who may be refused: gatehouse observe acknowledge GROUP --note WHY");
    }

    private static async Task<int> AcknowledgeAsync(Job job)
    {
        var (begins, note, undo) = (job.Words.GetValue(Group)!.ToLowerInvariant(), job.Words.GetValue(Note), job.Words.GetValue(Undo));
        if (undo == note is not null || (note is not null && string.IsNullOrWhiteSpace(note))) throw new StartRefused("Say why they may be refused with --note, or take it back with --undo.");
        if (begins.Length < 6) throw new StartRefused("Name the group by its first six characters or more.");
        var group = await job.Shop.Observed.FindAsync(job.Realm.Name, begins, job.Stop) switch
        {
            [] => throw new StartRefused($"There is no group '{Terminal.Printable(begins)}'. See: gatehouse observe report --all"),
            [{ } one] => one,
            _ => throw new StartRefused($"More than one group begins with '{begins}': give more of its characters."),
        };
        await job.Shop.ChangeAsync(group.Key.Realm, "UPDATE", $"observe/{group.Id}", work => job.Shop.Observed.AcknowledgeAsync(work, group.Key.Realm, group.Id, undo ? null : Environment.UserName, note), job.Stop);
        return await job.DoneAsync(undo ? $"{ObservedAdvice.Who(group.Key)} must not be refused." : $"{ObservedAdvice.Who(group.Key)} may be refused: {note}", new { group.Id, acknowledged = !undo });
    }

    private static string Share(long refused, long all) => all == 0 ? "no request" : string.Create(CultureInfo.InvariantCulture, $"{refused} of {all} ({100.0 * refused / all:0.##} %)");
}
