using Gatehouse.Audit;
using Gatehouse.Federation;
using Gatehouse.People;
using Gatehouse.Terms;

namespace Gatehouse.SignIn;

/// <summary>Ties an upstream's identity, for which it vouched before, to the user who has now proven themselves here too: with everything that a sign-in asks of them.</summary>
public sealed class PendingLinks(Upstreams upstreams, Linking linking, AuditLog audit)
{
    /// <summary>The user, linked where the sign-in holds such an identity.</summary>
    public async Task<User> TakeAsync(Realm realm, Interaction? interaction, User user, Origin origin, CancellationToken stop)
    {
        if (interaction?.Pending is not { } pending || upstreams.Find(realm.Name, pending.Upstream) is not { Enabled: true } upstream) return user;
        var linked = await linking.LinkAsync(upstream, pending.Identity, user, stop);
        audit.Note(new AuditEvent
        {
            Realm = realm.Name, Type = "FEDERATED_IDENTITY_LINK", Client = interaction.ClientId, User = user.Id, Address = origin.Address, Details = new Dictionary<string, string> { ["upstream"] = upstream.Alias, ["username"] = pending.Identity.Username ?? pending.Identity.Subject },
        });
        return linked;
    }
}
