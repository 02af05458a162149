using Gatehouse.Audit;
using Gatehouse.Clients;
using Gatehouse.Clients.Resources;
using Gatehouse.Storage;

namespace Gatehouse.Permissions;

/// <summary>Changes a client's authorization settings: read, change, look names up, write with the audit event. Whoever comes second starts anew from what the first left.</summary>
public sealed class GuardedResources(ResourceServers servers, ClientStore clients, SettingsNames names, Database database, AuditLog audit)
{
    private const int Tries = 10;

    /// <summary>The settings; null when the client has none.</summary>
    public async ValueTask<ResourceServer?> FindAsync(Client client, CancellationToken stop) => client.AuthorizationServices ? await servers.FindAsync(client.Realm, client.Id, stop) : null;

    /// <summary>Changes them. Throws <see cref="ArgumentException"/> in words for people when what comes out does not hold together. False when others kept changing them.</summary>
    public async Task<bool> ChangeAsync(Client client, Func<ResourceServer, ResourceServer> change, AuditEvent by, CancellationToken stop)
    {
        for (var i = 0; i < Tries; i++)
        {
            var old = await servers.FindAsync(client.Realm, client.Id, stop) ?? new ResourceServer();
            var next = await names.ResolveAsync(client, change(old), old, stop);
            var done = await database.WriteAsync(async work =>
            {
                if (!await PutAsync(work, client, next)) return false;
                await audit.WriteAsync(work, by);
                return true;
            }, stop);
            await database.Feed.CatchUpAsync(stop);
            if (done) return true;
        }

        return false;
    }

    /// <summary>What a document makes of them, ready to be written with the client itself.</summary>
    public async Task<ResourceServer> ReadAsync(Client client, System.Text.Json.JsonElement document, CancellationToken stop)
    {
        var old = await servers.FindAsync(client.Realm, client.Id, stop) ?? new ResourceServer();
        return await names.ResolveAsync(client, SettingsReader.Merge(old, document, client), old, stop);
    }

    /// <summary>Writes settings that were made ready. False when somebody else changed them in between.</summary>
    public async Task<bool> PutAsync(Work work, Client client, ResourceServer settings)
    {
        if (!client.AuthorizationServices && !await clients.ChangeAsync(work, client with { AuthorizationServices = true })) return false;
        return await servers.PutAsync(work, client, settings);
    }

    /// <summary>A role has another name (a client's is <c>client/role</c>): policies go on meaning it.</summary>
    public Task RenameRoleAsync(Work work, string realm, string old, string name) => old == name ? Task.CompletedTask : servers.RenameAsync(work, realm, condition => condition is Condition.Roles roles && roles.Named.Any(one => one.Name == old)
        ? new Condition.Roles([.. roles.Named.Select(one => one.Name == old ? one with { Name = name } : one)]) : condition);

    /// <summary>A group has another path, and so have those below it: policies go on meaning them.</summary>
    public Task RenameGroupAsync(Work work, string realm, string old, string path) => old == path ? Task.CompletedTask : servers.RenameAsync(work, realm, condition => condition is Condition.Groups groups && groups.Named.Any(one => IsAt(one.Path, old))
        ? new Condition.Groups([.. groups.Named.Select(one => IsAt(one.Path, old) ? one with { Path = path + one.Path[old.Length..] } : one)]) : condition);

    private static bool IsAt(string path, string root) => path.StartsWith(root, StringComparison.Ordinal) && (path.Length == root.Length || path[root.Length] == '/');

    /// <summary>Forgets them.</summary>
    public Task RemoveAsync(Work work, Client client) => servers.RemoveAsync(work, client);

    /// <summary>The whole document, as an import reads it.</summary>
    public async Task<System.Text.Json.Nodes.JsonObject> ExportAsync(Client client, ResourceServer server, CancellationToken stop) => SettingsText.Of(client, server, await names.UserNamesAsync(client.Realm, server, stop));
}
