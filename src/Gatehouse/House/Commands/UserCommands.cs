using System.CommandLine;
using Gatehouse.Admin.Representations;
using Gatehouse.People;
using Gatehouse.SignIn;

namespace Gatehouse.House.Commands;

/// <summary><c>gatehouse users</c>.</summary>
internal static class UserCommands
{
    private static readonly Argument<string> Name = new("USER") { Description = "User name." };
    private static readonly Option<string?> Search = new("--search") { Description = "Part of a user name, e-mail address, first or last name.", HelpName = "TEXT" };
    private static readonly Option<int> Max = new("--max") { Description = "At most so many, 1 to 1000.", DefaultValueFactory = _ => 100 };
    private static readonly Option<string?> After = new("--after") { Description = "Go on after this user name.", HelpName = "USER" };
    private static readonly Option<string?> Email = new("--email") { Description = "E-mail address.", HelpName = "ADDRESS" };
    private static readonly Option<string?> First = new("--first-name") { Description = "First name.", HelpName = "TEXT" };
    private static readonly Option<string?> Last = new("--last-name") { Description = "Last name.", HelpName = "TEXT" };
    private static readonly Option<string[]> Role = new("--role") { Description = "Role to give; realm role, or client/role. May be repeated.", HelpName = "ROLE", DefaultValueFactory = _ => [] };
    private static readonly Option<bool> Generate = new("--generate") { Description = "Make a random password and show it once." };
    private static readonly Option<bool> Temporary = new("--temporary") { Description = "The person must change it at the next sign-in." };
    private static readonly Option<string[]> Give = new("--give") { Description = "Role to give. May be repeated.", HelpName = "ROLE", DefaultValueFactory = _ => [] };
    private static readonly Option<string[]> Take = new("--take") { Description = "Role to take away. May be repeated.", HelpName = "ROLE", DefaultValueFactory = _ => [] };
    private static readonly Option<string[]> Set = new("--set") { Description = "An attribute; without a value it is taken away. May be repeated; the same name twice gives it two values.", HelpName = "NAME=VALUE", DefaultValueFactory = _ => [] };
    private static readonly Option<bool> Yes = new("--yes", "-y") { Description = "Do not ask." };

    public static Verb Build(Terminal terminal) => DataVerb.Group(
        "users", "People of a realm.",
        ["gatehouse users list --search ali", "gatehouse users add alice --role agent --generate", "gatehouse users set-password alice < password.txt", "gatehouse users disable alice"],
        DataVerb.Make(terminal, "list", "Lists users, ordered by user name.", [Search, Max, After], ListAsync, ["gatehouse users list --search weber", "gatehouse users list --json | jq '.[].username'"]),
        DataVerb.Make(terminal, "add", "Adds a user, with a password that is made, typed or piped in.", [Name, Email, First, Last, Role, Generate, Temporary], AddAsync, ["gatehouse users add alice --first-name Alice --role agent --generate", "gatehouse users add ada --role realm-management/realm-admin --generate"]),
        DataVerb.Make(terminal, "show", "Shows a user with roles, groups and sessions.", [Name], ShowAsync, ["gatehouse users show alice"]),
        DataVerb.Make(terminal, "disable", "Bars a user; ends all sessions and tokens at once.", [Name], job => SwitchAsync(job, enabled: false), ["gatehouse users disable alice"]),
        DataVerb.Make(terminal, "enable", "Lets a user sign in again.", [Name], job => SwitchAsync(job, enabled: true), ["gatehouse users enable alice"]),
        DataVerb.Make(terminal, "set-password", "Sets a password that is made, typed or piped in; ends all sessions and tokens of the user.", [Name, Generate, Temporary], SetPasswordAsync, ["gatehouse users set-password alice", "gatehouse users set-password alice --generate --temporary", "pass show alice | gatehouse users set-password alice"]),
        DataVerb.Make(terminal, "roles", "Shows a user's roles; gives some, takes some away.", [Name, Give, Take], RolesAsync, ["gatehouse users roles alice", "gatehouse users roles alice --give supervisor --take agent"]),
        DataVerb.Make(terminal, "attributes", "Shows a user's attributes; sets some, takes some away.", [Name, Set], AttributesAsync, ["gatehouse users attributes alice", "gatehouse users attributes alice --set extension=1573 --set team=", "gatehouse users attributes alice --set xivo.ctiLogin=true --set xivo.profile=Agent"]),
        DataVerb.Make(terminal, "forget-second-factor", "Takes a user's authenticator app or phone away, so that another can be registered; ends all sessions and tokens of the user.", [Name], ForgetSecondFactorAsync, ["gatehouse users forget-second-factor alice"]),
        DataVerb.Make(terminal, "delete", "Deletes a user.", [Name, Yes], DeleteAsync, ["gatehouse users delete alice --yes"]));

    private static async Task<int> ListAsync(Job job)
    {
        var page = await job.Shop.Users.ListAsync(job.Realm.Name, new UserQuery { Search = job.Words.GetValue(Search), Limit = Math.Clamp(job.Words.GetValue(Max), 1, 1000), After = job.Words.GetValue(After) }, job.Stop);
        if (page.Next is not null) await job.Terminal.Error.WriteLineAsync($"There are more: --after '{page.Next}'");
        if (job.Json) return await job.SayAsync(page.Items.Select(user => UserRepresentation.Of(user)).ToArray());
        job.Terminal.Table(["user", "name", "e-mail", "enabled"], page.Items.Select(user => (IReadOnlyList<string?>)[user.Username, user.FullName, user.Email, user.Enabled ? "yes" : "no"]));
        return CommandLine.Done;
    }

    private static async Task<int> AddAsync(Job job)
    {
        var realm = job.Realm.Name;
        var name = Names.Fold(job.Words.GetValue(Name)!);
        if (await job.Shop.Users.FindByNameAsync(realm, name, job.Stop) is not null) throw new StartRefused($"There is a user '{name}' already.");
        var roles = await FindRolesAsync(job, job.Words.GetValue(Role)!);
        var user = new User { Id = Guid.NewGuid().ToString(), Realm = realm, Username = name, Email = job.Words.GetValue(Email), FirstName = job.Words.GetValue(First), LastName = job.Words.GetValue(Last), CreatedAt = job.Shop.Time.GetUtcNow() };
        var (password, hash) = await NewPasswordAsync(job, user);
        var made = await job.Shop.ChangeAsync(realm, "CREATE", $"users/{user.Id}", async work =>
        {
            if (!await job.Shop.Users.AddAsync(work, user)) return false;
            await job.Shop.Users.SetPasswordHashAsync(work, realm, user.Id, hash, job.Words.GetValue(Temporary));
            foreach (var role in roles) await job.Shop.Roles.GiveAsync(work, realm, RoleHolder.User, user.Id, role.Id);
            return true;
        }, job.Stop);
        if (!made) throw new StartRefused("The user name or the e-mail address is taken.");
        return await TellAsync(job, user, $"User '{name}' is there.", password);
    }

    private static async Task<int> ShowAsync(Job job)
    {
        var user = await FindAsync(job);
        var rights = await job.Shop.Roles.RightsAsync(user.Realm, RoleHolder.User, user.Id, job.Stop);
        var sessions = await job.Shop.Sessions.ListAsync(user.Realm, user.Id, null, 100, job.Stop);
        if (job.Json)
            return await job.SayAsync(new { User = UserRepresentation.Of(user), Roles = rights.Roles.Order(StringComparer.Ordinal), Groups = rights.Groups.Order(StringComparer.Ordinal), Sessions = sessions.Items.Select(session => SessionRepresentation.Of(session, user.Username)) });
        job.Terminal.Table(["what", "value"],
        [
            ["id", user.Id], ["user", user.Username], ["name", user.FullName], ["e-mail", user.Email], ["enabled", user.Enabled ? "yes" : "no"], ["made", user.CreatedAt.ToString("u")],
            .. rights.Roles.Order(StringComparer.Ordinal).Select(role => (IReadOnlyList<string?>)["role", role]),
            .. rights.Groups.Order(StringComparer.Ordinal).Select(group => (IReadOnlyList<string?>)["group", group]),
            .. user.Attributes.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => (IReadOnlyList<string?>)[pair.Key, string.Join(", ", pair.Value)]),
            .. sessions.Items.Select(session => (IReadOnlyList<string?>)["session", $"{session.Id} from {session.Address ?? "?"} since {session.StartedAt:u}{(session.Extension is { } extension ? $", extension {extension}" : "")}"]),
        ]);
        return CommandLine.Done;
    }

    private static async Task<int> SwitchAsync(Job job, bool enabled)
    {
        var user = await FindAsync(job);
        var changed = user with { Enabled = enabled, NotBefore = enabled ? user.NotBefore : Second(job) };
        await job.Shop.ChangeAsync(user.Realm, "UPDATE", $"users/{user.Id}", async work =>
        {
            if (!enabled) await job.Shop.EndUserAsync(work, user);
            return await job.Shop.Users.ChangeAsync(work, changed);
        }, job.Stop);
        return await job.DoneAsync(enabled ? $"'{user.Username}' may sign in." : $"'{user.Username}' is barred; all sessions ended.", UserRepresentation.Of(changed));
    }

    private static async Task<int> SetPasswordAsync(Job job)
    {
        var user = await FindAsync(job);
        var made = NewPassword(job, user, out var password);
        var elsewhere = await job.Shop.PasswordPlace.FindAsync(user, job.Stop);
        if (elsewhere is not null && await job.Shop.PasswordPlace.SetAsync(elsewhere, new Terms.Secret(password), job.Words.GetValue(Temporary), job.Stop) is var (reason, detail)) throw new StartRefused($"{detail} {reason.Hint}");
        var hash = elsewhere is null ? await job.Shop.Passwords.HashAsync(password, job.Stop) : null;
        await job.Shop.ChangeAsync(user.Realm, "ACTION", $"users/{user.Id}/reset-password", async work =>
        {
            if (hash is not null) await job.Shop.Users.SetPasswordHashAsync(work, user.Realm, user.Id, hash, job.Words.GetValue(Temporary));
            await job.Shop.EndUserAsync(work, user);
            return await job.Shop.Users.ChangeAsync(work, user with { NotBefore = Second(job) });
        }, job.Stop);
        return await TellAsync(job, user, $"'{user.Username}' has a new password; all sessions ended.", made);
    }

    private static async Task<int> ForgetSecondFactorAsync(Job job)
    {
        var user = await FindAsync(job);
        var had = false;
        await job.Shop.ChangeAsync(user.Realm, "ACTION", $"users/{user.Id}/forget-second-factor", async work =>
        {
            // Who lost the phone may have lost more.
            await job.Shop.EndUserAsync(work, user);
            had = await job.Shop.OneTime.ForgetAsync(work, user.Realm, user.Id);
            return await job.Shop.Users.ChangeAsync(work, user with { NotBefore = Second(job) });
        }, job.Stop);
        return await job.DoneAsync(had ? $"'{user.Username}' has no second factor any more; all sessions ended." : $"'{user.Username}' had no second factor; all sessions ended.", new { user.Id, user.Username, Had = had });
    }

    private static async Task<int> RolesAsync(Job job)
    {
        var user = await FindAsync(job);
        var (give, take) = (await FindRolesAsync(job, job.Words.GetValue(Give)!), await FindRolesAsync(job, job.Words.GetValue(Take)!));
        if (give.Count + take.Count > 0)
        {
            await job.Shop.ChangeAsync(user.Realm, "UPDATE", $"users/{user.Id}/role-mappings", async work =>
            {
                foreach (var role in give) await job.Shop.Roles.GiveAsync(work, user.Realm, RoleHolder.User, user.Id, role.Id);
                foreach (var role in take) await job.Shop.Roles.TakeAsync(work, user.Realm, RoleHolder.User, user.Id, role.Id);
                return true;
            }, job.Stop);
        }

        var direct = await job.Shop.Roles.OfAsync(user.Realm, RoleHolder.User, user.Id, job.Stop);
        var rights = await job.Shop.Roles.RightsAsync(user.Realm, RoleHolder.User, user.Id, job.Stop);
        var all = rights.Roles.Order(StringComparer.Ordinal).Select(key => (Key: key, Direct: direct.Any(role => role.Key == key))).ToList();
        if (job.Json) return await job.SayAsync(all.Select(role => new { Role = role.Key, role.Direct }));
        job.Terminal.Table(["role", "held"], all.Select(role => (IReadOnlyList<string?>)[role.Key, role.Direct ? "directly" : "through a group or a role"]));
        return CommandLine.Done;
    }

    private static async Task<int> AttributesAsync(Job job)
    {
        var user = await FindAsync(job);
        var given = job.Words.GetValue(Set)!.Select(text => text.IndexOf('=', StringComparison.Ordinal) is > 0 and var equals ? (Name: text[..equals], Value: text[(equals + 1)..]) : throw new StartRefused($"'{text}' is no attribute; write NAME=VALUE, or NAME= to take it away.")).ToList();
        if (given.Count > 0)
        {
            var attributes = user.Attributes;
            foreach (var values in given.GroupBy(one => one.Name))
                attributes = values.All(one => one.Value.Length == 0) ? attributes.Remove(values.Key) : attributes.SetItem(values.Key, [.. values.Where(one => one.Value.Length > 0).Select(one => one.Value)]);
            user = user with { Attributes = attributes };
            var changed = user;
            await job.Shop.ChangeAsync(user.Realm, "UPDATE", $"users/{user.Id}", work => job.Shop.Users.ChangeAsync(work, changed), job.Stop);
        }

        if (job.Json) return await job.SayAsync(user.Attributes);
        job.Terminal.Table(["attribute", "value"], user.Attributes.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => (IReadOnlyList<string?>)[pair.Key, string.Join(", ", pair.Value)]));
        return CommandLine.Done;
    }

    private static async Task<int> DeleteAsync(Job job)
    {
        var user = await FindAsync(job);
        if (!job.Words.GetValue(Yes) && !Asks.Yes(job.Terminal, $"Delete '{user.Username}' for good?")) throw new StartRefused("Nothing was deleted. Add --yes to delete without being asked.");
        await job.Shop.ChangeAsync(user.Realm, "DELETE", $"users/{user.Id}", async work =>
        {
            await job.Shop.EndUserAsync(work, user);
            await job.Shop.OneTime.ForgetAsync(work, user.Realm, user.Id);
            return await job.Shop.Users.RemoveAsync(work, user.Realm, user.Id);
        }, job.Stop);
        return await job.DoneAsync($"'{user.Username}' is deleted.", new { user.Id, user.Username });
    }

    private static async Task<User> FindAsync(Job job)
    {
        var name = job.Words.GetValue(Name)!;
        return await job.Shop.Users.FindByNameAsync(job.Realm.Name, name, job.Stop) ?? throw new StartRefused($"There is no user '{Terminal.Printable(name)}' in realm '{job.Realm.Name}'.");
    }

    private static async Task<List<Role>> FindRolesAsync(Job job, string[] keys)
    {
        var roles = new List<Role>();
        foreach (var key in keys)
        {
            var slash = key.LastIndexOf('/');
            var (client, name) = slash < 0 ? (null, key) : (key[..slash], key[(slash + 1)..]);
            roles.Add(await job.Shop.Roles.FindByNameAsync(job.Realm.Name, client, name, job.Stop) ?? throw new StartRefused($"There is no role '{Terminal.Printable(key)}' in realm '{job.Realm.Name}'."));
        }

        return roles;
    }

    private static async Task<(string? Shown, string Hash)> NewPasswordAsync(Job job, User user)
    {
        var made = NewPassword(job, user, out var password);
        return (made, await job.Shop.Passwords.HashAsync(password, job.Stop));
    }

    private static string? NewPassword(Job job, User user, out string password)
    {
        var made = job.Words.GetValue(Generate) ? PasswordInput.Generate() : null;
        password = made ?? PasswordInput.Read(job.Terminal);
        return PasswordRules.Refusal(password, user.Username) is { } fault ? throw new StartRefused(fault) : made;
    }

    private static async Task<int> TellAsync(Job job, User user, string sentence, string? password)
    {
        if (job.Json) return await job.SayAsync(new { user.Id, user.Username, Password = password });
        await job.Terminal.Error.WriteLineAsync(password is null ? sentence : $"{sentence} The password, shown this once:");
        if (password is not null) await job.Terminal.Output.WriteLineAsync(password);
        return CommandLine.Done;
    }

    private static DateTimeOffset Second(Job job) => DateTimeOffset.FromUnixTimeSeconds(job.Shop.Time.GetUtcNow().ToUnixTimeSeconds());
}
