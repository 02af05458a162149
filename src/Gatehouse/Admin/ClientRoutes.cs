using Gatehouse.Admin.Representations;
using Gatehouse.Clients;
using Gatehouse.People;
using Gatehouse.Terms;
using Gatehouse.Tokens;

namespace Gatehouse.Admin;

/// <summary>Clients: find, make, change, delete, secrets, service accounts.</summary>
internal static class ClientRoutes
{
    public static void Map(AdminRoutes admin)
    {
        admin.Get("clients", "Lists clients, a page ordered by client id", Right.QueryClients, ListAsync).Queries("clientId", "search", "first", "max", "after", "viewableOnly").Gives<ClientRepresentation[]>();
        admin.Post("clients", "Makes a client", Right.ManageClients, AddAsync).Takes<ClientRepresentation>().Gives(201);
        admin.Get("clients/{id}", "Shows a client", Right.ViewClients, async asked => Answer.Ok(ClientShapes.Of(await FindAsync(asked, asked.Route("id"))))).Gives<ClientRepresentation>();
        admin.Put("clients/{id}", "Changes the members that are sent, and leaves the others", Right.ManageClients, ChangeAsync).Takes<ClientRepresentation>().Gives(204);
        admin.Delete("clients/{id}", "Deletes a client with its roles", Right.ManageClients, RemoveAsync).Gives(204);
        admin.Get("clients/{id}/client-secret", "Answers 404: a secret is kept as a keyed hash and cannot be shown", Right.ViewClients, ShowSecretAsync);
        admin.Post("clients/{id}/client-secret", "Makes a new secret, ends the old ones, and shows it this once", Right.ManageClients, NewSecretAsync).Gives<SecretRepresentation>();
        admin.Get("clients/{id}/service-account-user", "Shows the service account of a client as a user", Right.ViewClients, ShowServiceAccountAsync).Gives<UserRepresentation>();
    }

    public static async Task<Client> FindAsync(Asked asked, string id)
    {
        var management = BuiltIn.Management(asked.Realm.Name);
        return id == management.Id ? management : await asked.Rooms.Clients.FindAsync(asked.Realm.Name, id, asked.Stop) ?? throw Refused.Missing("Client");
    }

    public static async Task<Client?> FindByClientIdAsync(Asked asked, string clientId)
        => clientId == Right.Client ? BuiltIn.Management(asked.Realm.Name) : await asked.Rooms.Clients.FindByClientIdAsync(asked.Realm.Name, clientId, asked.Stop);

    /// <summary>The service account with this id (its client's), as a user; null when there is none.</summary>
    public static async Task<UserRepresentation?> ServiceAccountAsync(Asked asked, string id)
        => await asked.Rooms.Clients.FindAsync(asked.Realm.Name, id, asked.Stop) is { ServiceAccount: true } client
            ? new UserRepresentation
            {
                Id = client.Id, Username = $"service-account-{client.ClientId}", Enabled = client.Enabled, EmailVerified = false, ServiceAccountClientId = client.ClientId,
                CreatedTimestamp = client.CreatedAt.ToUnixTimeMilliseconds(), NotBefore = client.NotBefore?.ToUnixTimeSeconds() ?? 0,
            }
            : null;

    private static async Task<Answer> ListAsync(Asked asked)
    {
        _ = asked.Flag("viewableOnly");
        var brief = !Right.ViewClients.IsIn(asked.Rights);
        var exact = asked.Query("clientId");
        // Keycloak's "search" makes clientId a substring; without it the whole id is meant.
        var substring = exact is not null && asked.Query("search") == "true";
        if (exact is not null && !substring) return Answer.Ok(await FindByClientIdAsync(asked, exact) is { } one ? new[] { Shown(one) } : []);
        var (first, max) = (asked.Number("first", 0, 500), asked.Number("max", 500, 500));
        var search = substring ? exact : asked.Query("search") is { } text && text is not ("true" or "false") ? text : null;
        var page = await asked.Rooms.Clients.ListAsync(asked.Realm.Name, search, asked.Query("after"), first + max, asked.Stop);
        asked.Next(page.Next);
        var all = page.Items.Skip(first).Select(Shown);
        // The built-in client has no row; it ends the last page.
        if (page.Next is null && (search is null || Right.Client.Contains(search, StringComparison.Ordinal))) all = all.Append(Shown(BuiltIn.Management(asked.Realm.Name)));
        return Answer.Ok(all.ToArray());

        ClientRepresentation Shown(Client client) => brief ? new ClientRepresentation { Id = client.Id, ClientId = client.ClientId, Name = client.Name, Enabled = client.Enabled } : ClientShapes.Of(client);
    }

    private static async Task<Answer> AddAsync(Asked asked)
    {
        var body = await asked.ReadAsync();
        if (body.Text("clientId") is not { Length: > 0 } clientId) throw Refused.Invalid("'clientId' is missing.");
        if (clientId == Right.Client) throw new Refused(Reasons.Conflict, $"Client {clientId} already exists");
        var client = ClientShapes.Apply(asked, body, new Client { Id = Guid.NewGuid().ToString(), Realm = asked.Realm.Name, ClientId = clientId, CreatedAt = asked.Rooms.Time.GetUtcNow() });
        var secret = SecretOf(body, client);
        var guarded = await GuardedAsync(asked, body, client);
        body.Rest(asked.Ignore, ClientShapes.Known);
        // Roles left behind under this name would be the new client's at once.
        await Beyond.RefuseServiceAccountAsync(asked, clientId);
        await asked.ChangeOrConflictAsync("CREATE", "CLIENT", $"clients/{client.Id}", $"Client {clientId} already exists", async work =>
        {
            if (!await asked.Rooms.Clients.AddAsync(work, client)) return false;
            if (guarded is not null) await asked.Rooms.Guarded.PutAsync(work, client, guarded);
            if (secret is not null) await asked.Rooms.Clients.SetSecretAsync(work, asked.Realm.Name, client.Id, secret);
            return true;
        });
        return Answer.Created($"{asked.Root}clients/{client.Id}");
    }

    private static async Task<Answer> ChangeAsync(Asked asked)
    {
        var old = await ManagedAsync(asked);
        var body = await asked.ReadAsync();
        // Roles and grants are kept under the client id: under another name they would be somebody else's.
        if (body.Text("clientId") is { } clientId && clientId != old.ClientId) throw Refused.Unsupported("'clientId' cannot be changed; make a new client.");
        var client = ClientShapes.Apply(asked, body, old);
        var secret = SecretOf(body, client);
        var guarded = await GuardedAsync(asked, body, client);
        body.Rest(asked.Ignore, ClientShapes.Known);
        var ends = old.Enabled && !client.Enabled;
        if (ends) client = client with { NotBefore = asked.Rooms.Second };
        await asked.ChangeOrConflictAsync("UPDATE", "CLIENT", $"clients/{client.Id}", $"Client {client.ClientId} already exists", async work =>
        {
            if (!await asked.Rooms.Clients.ChangeAsync(work, client)) return false;
            if (guarded is not null && !await asked.Rooms.Guarded.PutAsync(work, client, guarded)) throw new Refused(Reasons.Conflict, "The authorization settings were changed in between; try again.");
            if (old.AuthorizationServices && !client.AuthorizationServices) await asked.Rooms.Guarded.RemoveAsync(work, client);
            if (secret is not null) await asked.Rooms.Clients.SetSecretAsync(work, asked.Realm.Name, client.Id, secret);
            if (ends) await asked.Rooms.Revocations.AddAsync(work, RevocationKind.Client, asked.Realm.Name, client.ClientId);
            return true;
        });
        return Answer.Done;
    }

    private static async Task<Answer> RemoveAsync(Asked asked)
    {
        var client = await ManagedAsync(asked);
        var roles = await RoleShapes.AllAsync(asked, client.ClientId);
        var held = await asked.Rooms.Roles.OfAsync(asked.Realm.Name, RoleHolder.ServiceAccount, client.ClientId, asked.Stop);
        await asked.ChangeAsync("DELETE", "CLIENT", $"clients/{client.Id}", async work =>
        {
            foreach (var role in roles) await asked.Rooms.Roles.RemoveAsync(work, asked.Realm.Name, role.Id);
            // A later client of the same name must not inherit what this one's service account held.
            foreach (var role in held) await asked.Rooms.Roles.TakeAsync(work, asked.Realm.Name, RoleHolder.ServiceAccount, client.ClientId, role.Id);
            await asked.Rooms.Revocations.AddAsync(work, RevocationKind.Client, asked.Realm.Name, client.ClientId);
            return await asked.Rooms.Clients.RemoveAsync(work, asked.Realm.Name, client.Id) ? true : throw Refused.Missing("Client");
        });
        return Answer.Done;
    }

    private static async Task<Answer> ShowSecretAsync(Asked asked)
    {
        await FindAsync(asked, asked.Route("id"));
        throw new Refused(Reasons.NotFound, "A client secret is kept as a keyed hash only and cannot be shown. POST to this address makes a new one, which is shown once.");
    }

    private static async Task<Answer> NewSecretAsync(Asked asked)
    {
        var client = await ManagedAsync(asked);
        if (client.Public) throw Refused.Invalid("A public client has no secret.");
        var secret = await asked.ChangeAsync("ACTION", "CLIENT", $"clients/{client.Id}/client-secret", work => asked.Rooms.Clients.NewSecretAsync(work, asked.Realm.Name, client.Id, null));
        return Answer.Ok(new SecretRepresentation("secret", secret.Reveal()));
    }

    private static async Task<Answer> ShowServiceAccountAsync(Asked asked)
    {
        var client = await FindAsync(asked, asked.Route("id"));
        return Answer.Ok(await ServiceAccountAsync(asked, client.Id) ?? throw Refused.Invalid($"Service account not enabled for the client '{client.ClientId}'"));
    }

    private static async Task<Client> ManagedAsync(Asked asked)
    {
        var client = await FindAsync(asked, asked.Route("id"));
        if (BuiltIn.Is(client)) throw BuiltIn.Refuse($"The client {client.ClientId}");
        await Beyond.RefuseServiceAccountAsync(asked, client.ClientId);
        return client;
    }

    // The settings that come with a client; with none of their own, a client that has just been given authorization services guards nothing yet.
    private static async Task<Clients.Resources.ResourceServer?> GuardedAsync(Asked asked, Body body, Client client)
    {
        var sent = body.Object("authorizationSettings");
        if (!client.AuthorizationServices) return null;
        if (sent is null) return await asked.Rooms.Guarded.FindAsync(client, asked.Stop) is null ? new Clients.Resources.ResourceServer() : null;
        return await AuthzRoutes.SoundAsync(() => asked.Rooms.Guarded.ReadAsync(client, sent.Whole(), asked.Stop));
    }

    private static Secret? SecretOf(Body body, Client client)
    {
        // A masked secret comes back from exports and consoles: it says nothing.
        if (body.Text("secret") is not { Length: > 0 } secret || secret.All(c => c == '*')) return null;
        if (client.Public) throw Refused.Invalid("A public client has no secret.");
        return new Secret(secret);
    }
}
