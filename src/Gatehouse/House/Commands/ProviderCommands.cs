using System.Collections.Immutable;
using System.CommandLine;
using Gatehouse.Admin.Representations;
using Gatehouse.Federation;
using Gatehouse.Terms;

namespace Gatehouse.House.Commands;

/// <summary><c>gatehouse providers</c>: upstream identity providers.</summary>
internal static class ProviderCommands
{
    private static readonly Argument<string> Alias = new("ALIAS") { Description = "Name in addresses: lower-case letters, digits, dashes." };
    private static readonly Option<string> Kind = new("--kind") { Description = "Kind; see: gatehouse providers kinds", HelpName = "KIND", Required = true };
    private static readonly Option<string?> Title = new("--title") { Description = "Name shown to people.", HelpName = "TEXT" };
    private static readonly Option<string[]> Set = new("--set") { Description = "A setting. May be repeated.", HelpName = "NAME=VALUE", DefaultValueFactory = _ => [] };
    private static readonly Option<string[]> SecretFrom = new("--secret") { Description = "A secret setting, read from an environment variable or a file, so that it is in no process list. May be repeated.", HelpName = "NAME=env:VARIABLE|file:PATH", DefaultValueFactory = _ => [] };
    private static readonly Option<string[]> Map = new("--map") { Description = "A mapping rule: where SOURCE has VALUE (* for any run of characters), give a role, a group or an attribute. May be repeated.", HelpName = "'SOURCE=VALUE -> role NAME'", DefaultValueFactory = _ => [] };
    private static readonly Option<string[]> Domain = new("--domain") { Description = "Domain of login names that belong to it. May be repeated.", HelpName = "DOMAIN", DefaultValueFactory = _ => [] };
    private static readonly Option<string[]> LoginName = new("--login-name") { Description = "Login names that belong to it, as partner-*. May be repeated.", HelpName = "NAME", DefaultValueFactory = _ => [] };
    private static readonly Option<bool> TrustEmail = new("--trust-email") { Description = "Its word that an e-mail address is verified counts." };
    private static readonly Option<bool> KeepPasswords = new("--keep-passwords") { Description = "Keep a password that it found right as our own hash: people migrate one by one, at their next sign-in." };
    private static readonly Option<int> ContinuityDays = new("--continuity-days") { Description = "While it is down, let people who signed in within so many days go on, on a device they used before; 0 for never.", HelpName = "DAYS" };
    private static readonly Option<string[]> ContinuityRole = new("--continuity-role") { Description = "A role that they keep then, and no others. May be repeated.", HelpName = "ROLE", DefaultValueFactory = _ => [] };
    private static readonly Option<string?> User = new("--user") { Description = "Try this person's sign-in; the password is typed or piped in. For kinds that check passwords.", HelpName = "NAME" };

    private static readonly Option<bool> InBrowser = new("--browser") { Description = "Print a path to open in a browser, good once for 15 minutes: it goes to the provider and back and shows each hop and claim. For kinds to which the browser goes." };

    public static Verb Build(Terminal terminal) => DataVerb.Group(
        "providers", "Upstream identity providers: directories and other sign-ins that vouch for people.",
        ["gatehouse providers kinds", "gatehouse providers add site --kind ldap --set urls=ldaps://dc1.example --set usersDn=ou=people,dc=example", "gatehouse providers test site --user mina"],
        Kinds(terminal),
        DataVerb.Make(terminal, "list", "Lists the providers of a realm.", [], ListAsync, ["gatehouse providers list"]),
        DataVerb.Make(terminal, "add", "Adds a provider.", [Alias, Kind, Title, Set, SecretFrom, Map, Domain, LoginName, TrustEmail, KeepPasswords, ContinuityDays, ContinuityRole], AddAsync,
            ["gatehouse providers add google --kind google --set clientId=ID --secret clientSecret=env:GOOGLE_SECRET", "gatehouse providers add site --kind ad --set urls=ldaps://dc1.example --set usersDn=dc=example --set bindDn=svc@example --secret bindPassword=file:/run/secrets/ad --map 'groups=CC Agents -> role agent'"]),
        DataVerb.Make(terminal, "set", "Changes settings of a provider; one without a value is unset.", [Alias, Set, SecretFrom], SetAsync, ["gatehouse providers set site --set syncEvery=15m", "gatehouse providers set site --set syncEvery= --secret bindPassword=env:NEW_SECRET"]),
        DataVerb.Make(terminal, "remove", "Removes a provider. Its people stay users.", [Alias], RemoveAsync, ["gatehouse providers remove google"]),
        DataVerb.Make(terminal, "test", "Asks a provider as a sign-in would, and changes nothing: each hop, what it says of the person, what the mapping makes of it.", [Alias, User, InBrowser], TestAsync, ["gatehouse providers test site", "gatehouse providers test site --user mina"]),
        ImportCommand.Import(terminal, Alias),
        ImportCommand.Status(terminal, Alias));

    // Needs no data: a newcomer asks this first.
    private static Verb Kinds(Terminal terminal)
    {
        var json = new Option<bool>("--json") { Description = "Answer in JSON." };
        var verb = new Verb("kinds", "Lists the kinds and their settings.", ["gatehouse providers kinds"]) { json };
        verb.SetAction(parsed => TellKinds(terminal, parsed.GetValue(json)));
        return verb;
    }

    private static int TellKinds(Terminal terminal, bool json)
    {
        if (json) terminal.Output.WriteLine(System.Text.Json.JsonSerializer.Serialize(UpstreamKinds.All.Values.Select(ProviderKindRepresentation.Of).ToArray(), System.Text.Json.JsonSerializerOptions.Web));
        else foreach (var kind in UpstreamKinds.All.Values)
        {
            terminal.Output.WriteLine($"{kind.Name}: {kind.Title}");
            foreach (var one in kind.Settings) terminal.Output.WriteLine($"  {one.Name,-20} {one.Text}{(one.Required ? " (needed)" : "")}{(one.Secret ? " (secret)" : "")}{(one.Otherwise is { } value ? $"; default {value}" : "")}");
        }

        return CommandLine.Done;
    }

    private static Task<int> ListAsync(Job job)
    {
        var all = job.Shop.Upstreams.Of(job.Realm.Name);
        if (job.Json) return job.SayAsync(all.Select(IdentityProviderRepresentation.Of).ToArray());
        job.Terminal.Table(["provider", "kind", "title", "domains", "enabled"], all.Select(one => (IReadOnlyList<string?>)[one.Alias, one.Kind, one.DisplayName, string.Join(' ', one.Domains), one.Enabled ? "yes" : "no"]));
        return Task.FromResult(CommandLine.Done);
    }

    private static async Task<int> AddAsync(Job job)
    {
        var realm = job.Realm.Name;
        var one = new Upstream
        {
            Id = Guid.NewGuid().ToString(), Realm = realm, Alias = job.Words.GetValue(Alias)!, Kind = job.Words.GetValue(Kind)!, DisplayName = job.Words.GetValue(Title), TrustsEmail = job.Words.GetValue(TrustEmail), KeepsPasswords = job.Words.GetValue(KeepPasswords),
            ContinuityDays = job.Words.GetValue(ContinuityDays), ContinuityRoles = [.. job.Words.GetValue(ContinuityRole)!], Domains = [.. job.Words.GetValue(Domain)!], LoginNames = [.. job.Words.GetValue(LoginName)!], Mapping = [.. job.Words.GetValue(Map)!.Select(Rule)],
            Config = job.Words.GetValue(Set)!.Select(Pair).ToImmutableDictionary(pair => pair.Name, pair => pair.Value), Secrets = job.Words.GetValue(SecretFrom)!.Select(Pair).ToImmutableDictionary(pair => pair.Name, pair => Read(pair.Name, pair.Value)),
        };
        if (UpstreamKinds.Fault(one) is { } fault) throw new StartRefused(fault);
        var made = await job.Shop.ChangeAsync(realm, "CREATE", $"identity-provider/instances/{one.Alias}", work => job.Shop.Upstreams.AddAsync(work, one), job.Stop);
        return made ? await job.DoneAsync($"Provider '{one.Alias}' is there. Next: gatehouse providers test {one.Alias}", IdentityProviderRepresentation.Of(one)) : throw new StartRefused($"There is a provider '{one.Alias}' already.");
    }

    private static async Task<int> SetAsync(Job job)
    {
        var one = Find(job);
        foreach (var (name, value) in job.Words.GetValue(Set)!.Select(Pair)) one = one with { Config = value.Length == 0 ? one.Config.Remove(name) : one.Config.SetItem(name, value) };
        foreach (var (name, value) in job.Words.GetValue(SecretFrom)!.Select(Pair)) one = one with { Secrets = one.Secrets.SetItem(name, Read(name, value)) };
        if (UpstreamKinds.Fault(one) is { } fault) throw new StartRefused(fault);
        await job.Shop.ChangeAsync(one.Realm, "UPDATE", $"identity-provider/instances/{one.Alias}", work => job.Shop.Upstreams.ChangeAsync(work, one), job.Stop);
        return await job.DoneAsync($"Provider '{one.Alias}' is changed. Next: gatehouse providers test {one.Alias}", IdentityProviderRepresentation.Of(one));
    }

    private static async Task<int> RemoveAsync(Job job)
    {
        var one = Find(job);
        await job.Shop.ChangeAsync(one.Realm, "DELETE", $"identity-provider/instances/{one.Alias}", work => job.Shop.Upstreams.RemoveAsync(work, one.Realm, one.Id), job.Stop);
        return await job.DoneAsync($"Provider '{one.Alias}' is gone.", new { alias = one.Alias });
    }

    private static async Task<int> TestAsync(Job job)
    {
        var one = Find(job);
        var user = job.Words.GetValue(User);
        var live = job.Shop.Upstreams.Open(one).Upstream;
        if (job.Words.GetValue(InBrowser))
        {
            if (live is not IRedirects) throw new StartRefused($"A provider of the kind '{one.Kind}' is not visited by browsers: leave --browser out{(live is IChecksPasswords ? ", and give --user" : "")}.");
            var path = await job.Shop.BrowserTests.OpenAsync(one, job.Stop);
            if (job.Json) return await job.SayAsync(new { path });
            job.Terminal.Output.WriteLine(path);
            return CommandLine.Done;
        }

        if (user is not null && live is not IChecksPasswords) throw new StartRefused($"A provider of the kind '{one.Kind}' takes no password here: leave --user out, or use --browser.");
        var test = await UpstreamTest.RunAsync(live, one, user, user is null ? null : new Secret(PasswordInput.Read(job.Terminal)), job.Stop);
        var (person, refused) = ((test.Finding as Finding.Known)?.Identity, test.Finding as Finding.Refused);
        var good = test.Down is null && refused is null;
        if (job.Json)
        {
            await job.SayAsync(new ProviderTestRepresentation(good, test.Down is not null ? "unavailable" : refused?.Code, test.Down ?? refused?.Detail, test.Trace.Lines, person?.Subject, person?.Username, person?.Attributes, person?.Groups, test.Mapped?.Roles, test.Mapped?.Groups));
            return good ? CommandLine.Done : 1;
        }

        var output = job.Terminal.Output;
        foreach (var line in test.Trace.Lines) output.WriteLine("  " + Terminal.Printable(line));
        if (test.Down is { } down) output.WriteLine($"It does not serve: {Terminal.Printable(down)}");
        else if (refused is not null) output.WriteLine($"It says no: {refused.Code} ({Terminal.Printable(refused.Detail)})");
        else if (person is null) output.WriteLine("It answers.");
        if (person is not null)
        {
            output.WriteLine($"It vouches for {Terminal.Printable(person.Username ?? person.Subject)}, id {Terminal.Printable(person.Subject)}");
            foreach (var (name, values) in person.Attributes.OrderBy(pair => pair.Key, StringComparer.Ordinal)) output.WriteLine($"  {name,-20} {Terminal.Printable(string.Join(", ", values))}");
            output.WriteLine($"  {"groups",-20} {Terminal.Printable(string.Join(", ", person.Groups))}");
            output.WriteLine($"The mapping gives roles: {string.Join(", ", test.Mapped!.Roles)}; groups: {string.Join(", ", test.Mapped.Groups)}; attributes: {string.Join(", ", test.Mapped.Attributes.Keys)}");
        }

        return good ? CommandLine.Done : 1;
    }

    internal static Upstream Find(Job job)
        => job.Shop.Upstreams.Find(job.Realm.Name, job.Words.GetValue(Alias)!) ?? throw new StartRefused($"There is no provider '{job.Words.GetValue(Alias)}' in the realm {job.Realm.Name}; see: gatehouse providers list");

    private static (string Name, string Value) Pair(string text)
        => text.IndexOf('=', StringComparison.Ordinal) is > 0 and var at ? (text[..at], text[(at + 1)..]) : throw new StartRefused($"'{text}' is not of the form NAME=VALUE.");

    private static Secret Read(string name, string from)
    {
        if (from.StartsWith("env:", StringComparison.Ordinal)) return Environment.GetEnvironmentVariable(from[4..]) is { Length: > 0 } value ? new Secret(value) : throw new StartRefused($"The environment variable {from[4..]} for '{name}' is not set.");
        if (!from.StartsWith("file:", StringComparison.Ordinal)) throw new StartRefused($"Say where the secret '{name}' is: env:VARIABLE or file:PATH. On the command line itself everybody on this host could read it.");
        try
        {
            return File.ReadAllText(from[5..]).TrimEnd('\r', '\n') is { Length: > 0 } text ? new Secret(text) : throw new StartRefused($"The file {from[5..]} for '{name}' is empty.");
        }
        catch (Exception wrong) when (wrong is IOException or UnauthorizedAccessException)
        {
            throw new StartRefused($"The file {from[5..]} for '{name}' cannot be read: {wrong.Message}");
        }
    }

    private static MappingRule Rule(string text)
    {
        var sides = text.Split("->", 2, StringSplitOptions.TrimEntries);
        var to = sides.Length == 2 ? sides[1].Split(' ', 2, StringSplitOptions.TrimEntries) : [];
        if (to.Length != 2 || !Enum.TryParse<MappingTarget>(to[0], ignoreCase: true, out var target) || int.TryParse(to[0], out _)) throw new StartRefused($"'{text}' is no mapping rule; write 'SOURCE=VALUE -> role NAME', '… -> group /PATH' or '… -> attribute NAME'.");
        var equals = sides[0].IndexOf('=', StringComparison.Ordinal);
        return equals < 0 ? new MappingRule(sides[0], null, target, to[1]) : new MappingRule(sides[0][..equals].Trim(), sides[0][(equals + 1)..].Trim(), target, to[1]);
    }
}
