using Gatehouse.Clients;
using Gatehouse.People;
using Gatehouse.Terms;

namespace Gatehouse.Facades;

/// <summary>What every facade begins with: the realm and the client that its settings name.</summary>
internal static class Setup
{
    /// <summary>Realm and client, or what is missing, in words for whoever set it up; <paramref name="mend"/> says what the client is to be allowed.</summary>
    public static async ValueTask<(Realm? Realm, Client? Client, string? Missing)> FindAsync(string facade, Realms realms, string realmName, ClientStore clients, string clientId, string mend, CancellationToken stop)
    {
        if (realms.Find(realmName) is not { } realm) return (null, null, $"there is no realm '{realmName}' (facades:{facade}:realm)");
        if (!realm.Enabled) return (null, null, $"the realm '{realmName}' is disabled");
        if (await clients.FindByClientIdAsync(realm.Name, clientId, stop) is not { } client) return (null, null, $"the realm '{realm.Name}' has no client '{clientId}' (facades:{facade}:client); make one, and allow it {mend}");
        return !client.Enabled ? (null, null, $"the client '{client.ClientId}' is disabled") : !client.ActsForUsers ? (null, null, $"the client '{client.ClientId}' may obtain no tokens about people; allow it {mend}") : (realm, client, null);
    }
}
