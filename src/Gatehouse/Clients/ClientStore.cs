using Gatehouse.Storage;
using Gatehouse.Terms;

namespace Gatehouse.Clients;

/// <summary>Clients and their secrets. Held in memory as they are used, dropped by the change feed (<c>client</c>). Secrets are kept as keyed hashes only; two may be valid at once so that one can be rolled over.</summary>
public sealed class ClientStore
{
    /// <summary>By <c>client_id</c>, from memory after first use.</summary>
    public ValueTask<Client?> FindByClientIdAsync(string realm, string clientId, CancellationToken stop) => throw new NotImplementedException();

    /// <summary>By internal id.</summary>
    public Task<Client?> FindAsync(string realm, string id, CancellationToken stop) => throw new NotImplementedException();

    /// <summary>A page ordered by <c>client_id</c>.</summary>
    public Task<Page<Client>> ListAsync(string realm, string? search, string? after, int limit, CancellationToken stop) => throw new NotImplementedException();

    /// <summary>Adds a client. False when its <c>client_id</c> is taken.</summary>
    public Task<bool> AddAsync(Work work, Client client) => throw new NotImplementedException();

    /// <summary>Replaces a client's settings. False when there is none or the <c>client_id</c> is taken.</summary>
    public Task<bool> ChangeAsync(Work work, Client client) => throw new NotImplementedException();

    /// <summary>Deletes a client. False when there is none.</summary>
    public Task<bool> RemoveAsync(Work work, string realm, string id) => throw new NotImplementedException();

    /// <summary>Makes a new random secret, valid from now; older ones stay valid until <paramref name="keepOldUntil"/> (null: end at once). The text is shown once.</summary>
    public Task<Secret> NewSecretAsync(Work work, string realm, string id, DateTimeOffset? keepOldUntil) => throw new NotImplementedException();

    /// <summary>Stores a given secret (import, demo). At least 16 characters.</summary>
    public Task SetSecretAsync(Work work, string realm, string id, Secret secret) => throw new NotImplementedException();

    /// <summary>Whether the secret is one of the client's valid ones: a keyed hash and a constant-time compare, no password hash.</summary>
    public ValueTask<bool> CheckSecretAsync(Client client, Secret secret, CancellationToken stop) => throw new NotImplementedException();
}
