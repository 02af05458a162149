using Gatehouse.Admin.Representations;
using Gatehouse.People;
using Gatehouse.SignIn;
using Gatehouse.Terms;

namespace Gatehouse.Admin;

/// <summary>How a user gets in: password, sessions, groups.</summary>
internal static class UserAccessRoutes
{
    public static void Map(AdminRoutes admin)
    {
        admin.Put("users/{id}/reset-password", "Sets a password, here or in the directory where it lives; ends the user's sessions and tokens", Right.ManageUsers, ResetPasswordAsync).Takes<CredentialRepresentation>().Gives(204);
        admin.Get("users/{id}/credentials", "Lists which credentials a user has, never their values", Right.ViewUsers, CredentialsAsync).Gives<CredentialRepresentation[]>();
        admin.Get("users/{id}/sessions", "Lists a user's sessions, newest first", Right.ViewUsers, SessionsAsync).Queries("max", "after").Gives<SessionRepresentation[]>();
        admin.Post("users/{id}/logout", "Ends all sessions and tokens of a user", Right.ManageUsers, LogoutAsync).Gives(204);
        admin.Get("users/{id}/groups", "Lists the groups of a user", Right.ViewUsers, GroupsAsync).Queries("briefRepresentation", "search", "first", "max").Gives<GroupRepresentation[]>();
        admin.Get("users/{id}/groups/count", "Counts the groups of a user", Right.ViewUsers, CountGroupsAsync).Gives<CountRepresentation>();
        admin.Put("users/{id}/groups/{group}", "Puts a user into a group", Right.ManageUsers, JoinAsync).Gives(204);
        admin.Delete("users/{id}/groups/{group}", "Takes a user out of a group", Right.ManageUsers, LeaveAsync).Gives(204);
    }

    /// <summary>Whether a password that is set now is handed over to the client of the token that sets it, and stored nowhere.</summary>
    public static async Task<bool> HandsOverAsync(Asked asked, string? user)
        => asked.Principal.Client is { } client && asked.Rooms.PasswordClients.Any(one => one.HandsOver(asked.Realm.Name, client)) && (user is null || !await asked.Rooms.HandedOver.AdministersAsync(asked.Realm.Name, user, asked.Stop));

    /// <summary>The password that a CredentialRepresentation hands over: whatever it is, it is no password of the user's.</summary>
    public static Secret HandedOver(Asked asked, Body body)
    {
        if (body.Text("type") is { } type && type != "password") throw Refused.Unsupported($"Credentials of type '{type}' cannot be set here; 'password' can.");
        if (body.Text("value") is not { Length: > 0 and <= Passwords.Longest } value) throw Refused.Invalid("'value' is missing, or too long.");
        body.Rest(asked.Ignore, "id", "createdDate", "userLabel", "priority", "temporary");
        return new Secret(value);
    }

    /// <summary>Checks and hashes a password that was sent as a CredentialRepresentation.</summary>
    public static async Task<(string Hash, bool Temporary)> HashAsync(Asked asked, Body body, User user)
    {
        var (password, temporary) = Read(asked, body, user);
        return (await asked.Rooms.Passwords.HashAsync(password, asked.Stop), temporary);
    }

    private static (string Password, bool Temporary) Read(Asked asked, Body body, User user)
    {
        if (body.Text("type") is { } type && type != "password") throw Refused.Unsupported($"Credentials of type '{type}' cannot be set here; 'password' can.");
        if (body.Has("secretData") || body.Has("credentialData") || body.Has("hashedSaltedValue")) throw Refused.Unsupported("Hashed passwords are imported with a realm, not set.");
        if (body.Text("value") is not { } password) throw Refused.Invalid("'value' is missing.");
        var temporary = body.Flag("temporary") ?? false;
        body.Rest(asked.Ignore, "id", "createdDate", "userLabel", "priority");
        if (PasswordRules.Refusal(password, user.Username) is { } fault) throw new Refused(Reasons.PasswordWeak, fault);
        return (password, temporary);
    }

    private static async Task<Answer> ResetPasswordAsync(Asked asked)
    {
        var user = await UserRoutes.FindAsync(asked, asked.Route("id"));
        await Beyond.RefuseUserAsync(asked, user.Id);
        var body = await asked.ReadAsync();
        if (await HandsOverAsync(asked, user.Id))
        {
            var handed = HandedOver(asked, body);
            await asked.ChangeAsync("ACTION", "USER", $"users/{user.Id}/hand-over", async work =>
            {
                await asked.Rooms.HandOvers.PutAsync(work, asked.Realm.Name, user.Id, asked.Principal.Client!, handed, HandOvers.SetAnew);
                return true;
            });
            return Answer.Done;
        }

        var (password, temporary) = Read(asked, body, user);
        var elsewhere = await asked.Rooms.PasswordPlace.FindAsync(user, asked.Stop);
        if (elsewhere is not null && await asked.Rooms.PasswordPlace.SetAsync(elsewhere, new Secret(password), temporary, asked.Stop) is var (reason, detail)) throw new Refused(reason, detail);
        var hash = elsewhere is null ? await asked.Rooms.Passwords.HashAsync(password, asked.Stop) : null;
        await asked.ChangeAsync("ACTION", "USER", $"users/{user.Id}/reset-password", async work =>
        {
            if (hash is not null) await asked.Rooms.Users.SetPasswordHashAsync(work, asked.Realm.Name, user.Id, hash, temporary);
            await EndAsync(asked, work, user);
            return true;
        });
        return Answer.Done;
    }

    private static async Task<Answer> CredentialsAsync(Asked asked)
    {
        var user = await UserRoutes.FindAsync(asked, asked.Route("id"));
        var password = await asked.Rooms.Users.PasswordAsync(asked.Realm.Name, user.Id, asked.Stop);
        return Answer.Ok(password is null ? [] : new[] { new CredentialRepresentation { Id = user.Id, Type = "password", CreatedDate = password.SetAt.ToUnixTimeMilliseconds(), Temporary = password.Temporary } });
    }

    private static async Task<Answer> SessionsAsync(Asked asked)
    {
        var user = await UserRoutes.FindAsync(asked, asked.Route("id"));
        var page = await asked.Rooms.Sessions.ListAsync(asked.Realm.Name, user.Id, SessionRoutes.Cursor(asked), asked.Number("max", 100, 1000), asked.Stop);
        asked.Next(page.Next);
        return Answer.Ok(page.Items.Select(session => SessionRepresentation.Of(session, user.Username)).ToArray());
    }

    private static async Task<Answer> LogoutAsync(Asked asked)
    {
        var user = await UserRoutes.FindAsync(asked, asked.Route("id"));
        await Beyond.RefuseUserAsync(asked, user.Id);
        await asked.ChangeAsync("ACTION", "USER", $"users/{user.Id}/logout", async work =>
        {
            await EndAsync(asked, work, user);
            return true;
        });
        return Answer.Done;
    }

    private static async Task EndAsync(Asked asked, Storage.Work work, User user)
    {
        await asked.Rooms.Users.ChangeAsync(work, user with { NotBefore = asked.Rooms.Second });
        await asked.Rooms.EndUserAsync(work, user);
    }

    private static async Task<Answer> GroupsAsync(Asked asked)
    {
        var user = await UserRoutes.FindAsync(asked, asked.Route("id"));
        var brief = asked.Flag("briefRepresentation") ?? true;
        var search = asked.Query("search");
        // A user's groups are few: they come as one list, and a part of it is cut here.
        var groups = (await asked.Rooms.Groups.OfUserAsync(asked.Realm.Name, user.Id, asked.Stop)).Where(group => search is null || group.Name.Contains(search, StringComparison.OrdinalIgnoreCase));
        return Answer.Ok(groups.Skip(asked.Number("first", 0, int.MaxValue)).Take(asked.Number("max", 1000, 10_000)).Select(group => GroupRepresentation.Of(group, brief)).ToArray());
    }

    private static async Task<Answer> CountGroupsAsync(Asked asked)
    {
        var user = await UserRoutes.FindAsync(asked, asked.Route("id"));
        return Answer.Ok(new CountRepresentation((await asked.Rooms.Groups.OfUserAsync(asked.Realm.Name, user.Id, asked.Stop)).Count));
    }

    private static Task<Answer> JoinAsync(Asked asked)
        => MoveAsync(asked, "CREATE", (work, user, group) => asked.Rooms.Groups.JoinAsync(work, asked.Realm.Name, user, group));

    private static Task<Answer> LeaveAsync(Asked asked)
        => MoveAsync(asked, "DELETE", (work, user, group) => asked.Rooms.Groups.LeaveAsync(work, asked.Realm.Name, user, group));

    private static async Task<Answer> MoveAsync(Asked asked, string operation, Func<Storage.Work, string, string, Task> move)
    {
        var user = await UserRoutes.FindAsync(asked, asked.Route("id"));
        var group = await asked.Rooms.Groups.FindAsync(asked.Realm.Name, asked.Route("group"), asked.Stop) ?? throw Refused.Missing("Group");
        await Beyond.RefuseUserAsync(asked, user.Id);
        await Beyond.RefuseGroupAsync(asked, group);
        await asked.ChangeAsync(operation, "GROUP_MEMBERSHIP", $"users/{user.Id}/groups/{group.Id}", async work =>
        {
            await move(work, user.Id, group.Id);
            return true;
        });
        return Answer.Done;
    }
}
