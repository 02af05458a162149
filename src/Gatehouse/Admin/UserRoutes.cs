using Gatehouse.Admin.Representations;
using Gatehouse.People;

namespace Gatehouse.Admin;

/// <summary>Users: find, make, change, delete. What ends sessions and kills tokens is in <see cref="UserAccessRoutes"/>.</summary>
internal static class UserRoutes
{
    // What a client sends back as it got it, and what says nothing that is not so.
    private static readonly string[] Known = ["id", "createdTimestamp", "notBefore", "totp", "access", "disableableCredentialTypes", "userProfileMetadata", "origin", "serviceAccountClientId"];

    public static void Map(AdminRoutes admin)
    {
        admin.Get("users", "Finds users, a page ordered by user name", Right.QueryUsers, ListAsync)
            .Queries("search", "username", "email", "firstName", "lastName", "exact", "enabled", "first", "max", "after", "briefRepresentation").Gives<UserRepresentation[]>();
        admin.Get("users/count", "Counts users", Right.QueryUsers, CountAsync).Queries("search", "username", "email", "firstName", "lastName", "exact", "enabled").Gives<long>();
        admin.Post("users", "Makes a user", Right.ManageUsers, AddAsync).Takes<UserRepresentation>().Gives(201);
        admin.Get("users/{id}", "Shows a user", Right.ViewUsers, ShowAsync).Queries("userProfileMetadata").Gives<UserRepresentation>();
        admin.Put("users/{id}", "Changes the members that are sent, and leaves the others", Right.ManageUsers, ChangeAsync).Takes<UserRepresentation>().Gives(204);
        admin.Delete("users/{id}", "Deletes a user and ends the user's sessions", Right.ManageUsers, RemoveAsync).Gives(204);
    }

    public static async Task<User> FindAsync(Asked asked, string id)
        => await asked.Rooms.Users.FindAsync(asked.Realm.Name, id, asked.Stop) ?? throw Refused.Missing("User");

    /// <summary>Answers users with no more than the principal may see: attributes need more than the right to look for names.</summary>
    public static UserRepresentation[] Shown(Asked asked, IEnumerable<User> users)
        => [.. users.Select(user => UserRepresentation.Of(user, brief: asked.Flag("briefRepresentation") == true || !Right.ViewUsers.IsIn(asked.Rights)))];

    private static async Task<Answer> ListAsync(Asked asked)
    {
        var page = await asked.Rooms.Users.ListAsync(asked.Realm.Name, QueryOf(asked), asked.Stop);
        asked.Next(page.Next);
        return Answer.Ok(Shown(asked, page.Items));
    }

    private static async Task<Answer> CountAsync(Asked asked) => Answer.Ok(await asked.Rooms.Users.CountAsync(asked.Realm.Name, QueryOf(asked), asked.Stop));

    private static UserQuery QueryOf(Asked asked) => new()
    {
        // Keycloak writes infix search as *text* and exact search as "text".
        Search = asked.Query("search")?.Trim('*', '"'), Username = asked.Query("username"), Email = asked.Query("email"), FirstName = asked.Query("firstName"), LastName = asked.Query("lastName"),
        Exact = asked.Flag("exact") ?? false, Enabled = asked.Flag("enabled"), After = asked.Query("after"), Skip = asked.Number("first", 0, int.MaxValue), Limit = asked.Number("max", 100, 1000),
    };

    private static async Task<Answer> ShowAsync(Asked asked)
    {
        var id = asked.Route("id");
        if (await asked.Rooms.Users.FindAsync(asked.Realm.Name, id, asked.Stop) is not { } user)
        {
            // A service account answers as a user, as adapters expect.
            return await ClientRoutes.ServiceAccountAsync(asked, id) is { } account ? Answer.Ok(account) : throw Refused.Missing("User");
        }

        var password = await asked.Rooms.Users.PasswordAsync(asked.Realm.Name, user.Id, asked.Stop);
        return Answer.Ok(UserRepresentation.Of(user) with { RequiredActions = password?.Temporary == true ? ["UPDATE_PASSWORD"] : [] });
    }

    private static async Task<Answer> AddAsync(Asked asked)
    {
        var body = await asked.ReadAsync();
        var user = Apply(body, new User { Id = Guid.NewGuid().ToString(), Realm = asked.Realm.Name, Username = "", CreatedAt = asked.Rooms.Time.GetUtcNow(), Enabled = false });
        if (user.Username.Length == 0) throw Refused.Invalid("'username' is missing.");
        var handed = body.List("credentials") is [var only] && await UserAccessRoutes.HandsOverAsync(asked, null) ? UserAccessRoutes.HandedOver(asked, only) : null;
        var (hash, temporary) = handed is null ? await PasswordAsync(asked, body, user) : (null, false);
        var places = new List<Group>();
        foreach (var path in body.Texts("groups") ?? [])
        {
            var group = await asked.Rooms.Groups.FindByPathAsync(asked.Realm.Name, path.StartsWith('/') ? path : "/" + path, asked.Stop) ?? throw Refused.Invalid($"There is no group '{path}'.");
            await Beyond.RefuseGroupAsync(asked, group);
            places.Add(group);
        }

        if (Actions(body) == true && hash is not null) temporary = true;
        body.Rest(asked.Ignore, Known);
        await asked.ChangeOrConflictAsync("CREATE", "USER", $"users/{user.Id}", "User exists with same username or email", async work =>
        {
            if (!await asked.Rooms.Users.AddAsync(work, user)) return false;
            if (hash is not null) await asked.Rooms.Users.SetPasswordHashAsync(work, asked.Realm.Name, user.Id, hash, temporary);
            if (handed is not null) await asked.Rooms.HandOvers.PutAsync(work, asked.Realm.Name, user.Id, asked.Principal.Client!, handed, SignIn.HandOvers.ForNew);
            foreach (var group in places) await asked.Rooms.Groups.JoinAsync(work, asked.Realm.Name, user.Id, group.Id);
            return true;
        });
        return Answer.Created($"{asked.Root}users/{user.Id}");
    }

    private static async Task<Answer> ChangeAsync(Asked asked)
    {
        var old = await FindAsync(asked, asked.Route("id"));
        await Beyond.RefuseUserAsync(asked, old.Id);
        var body = await asked.ReadAsync();
        var user = Apply(body, old);
        var ends = old.Enabled && !user.Enabled;
        if (ends) user = user with { NotBefore = asked.Rooms.Second };
        var mustChange = Actions(body);
        if (body.List("credentials") is { Count: > 0 }) throw Refused.Unsupported("'credentials' are set with PUT users/{id}/reset-password.");
        body.Rest(asked.Ignore, Known);
        var password = mustChange is null ? null : await asked.Rooms.Users.PasswordAsync(asked.Realm.Name, user.Id, asked.Stop);
        if (mustChange == true && password is null) throw Refused.Unsupported("The user has no password that could be changed at sign-in.");
        await asked.ChangeOrConflictAsync("UPDATE", "USER", $"users/{user.Id}", "User exists with same username or email", async work =>
        {
            if (!await asked.Rooms.Users.ChangeAsync(work, user)) return false;
            if (password is not null && password.Temporary != mustChange) await asked.Rooms.Users.SetPasswordHashAsync(work, asked.Realm.Name, user.Id, password.Hash, mustChange!.Value);
            if (ends) await asked.Rooms.EndUserAsync(work, user);
            return true;
        });
        return Answer.Done;
    }

    private static async Task<Answer> RemoveAsync(Asked asked)
    {
        var user = await FindAsync(asked, asked.Route("id"));
        await Beyond.RefuseUserAsync(asked, user.Id);
        await asked.ChangeAsync("DELETE", "USER", $"users/{user.Id}", async work =>
        {
            await asked.Rooms.EndUserAsync(work, user);
            await asked.Rooms.OneTime.ForgetAsync(work, asked.Realm.Name, user.Id);
            return await asked.Rooms.Users.RemoveAsync(work, asked.Realm.Name, user.Id) ? true : throw Refused.Missing("User");
        });
        return Answer.Done;
    }

    private static User Apply(Body body, User old)
    {
        var name = body.Text("username") is { } text ? Names.Fold(text) : old.Username;
        // Tokens of service accounts carry such a name: a person with it could be taken for one.
        if (name != old.Username && name.StartsWith("service-account-", StringComparison.Ordinal)) throw Refused.Invalid("User names that begin with 'service-account-' are kept for clients.");
        return old with
        {
            Username = name, Email = Cleared(body.Text("email"), old.Email), FirstName = Cleared(body.Text("firstName"), old.FirstName), LastName = Cleared(body.Text("lastName"), old.LastName),
            EmailVerified = body.Flag("emailVerified") ?? old.EmailVerified, Enabled = body.Flag("enabled") ?? old.Enabled, Attributes = body.Attributes("attributes") ?? old.Attributes,
        };
    }

    private static string? Cleared(string? sent, string? old) => sent is null ? old : sent.Length == 0 ? null : sent;

    // UPDATE_PASSWORD is the action that sign-in asks for; an action that nobody enforces must not look as if it were.
    private static bool? Actions(Body body)
    {
        if (body.Texts("requiredActions") is not { } actions) return null;
        if (actions.FirstOrDefault(action => action != "UPDATE_PASSWORD") is { } other) throw Refused.Unsupported($"The required action '{other}' is not offered; 'UPDATE_PASSWORD' is.");
        return actions.Length > 0;
    }

    private static async Task<(string? Hash, bool Temporary)> PasswordAsync(Asked asked, Body body, User user)
    {
        if (body.List("credentials") is not { Count: > 0 } list) return (null, false);
        if (list.Count > 1) throw Refused.Unsupported("'credentials' may hold one password.");
        return await UserAccessRoutes.HashAsync(asked, list[0], user);
    }
}
