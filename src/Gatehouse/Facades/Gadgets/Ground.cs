using System.Collections.Immutable;
using Gatehouse.Clients;
using Gatehouse.People;
using Gatehouse.Terms;
using Microsoft.Extensions.Options;

namespace Gatehouse.Facades.Gadgets;

/// <summary>What the endpoints share: realm, client and gadgets of the settings.</summary>
internal sealed class Ground(Realms realms, ClientStore clients, IOptions<GadgetsSettings> options)
{
    private readonly ImmutableDictionary<string, ImmutableArray<GadgetTarget>> targets = options.Value.List.ToImmutableDictionary(gadget => gadget.Id, gadget => gadget.Targets.Select(text => GadgetTarget.TryParse(text, out var target, out _) ? target : null).OfType<GadgetTarget>().ToImmutableArray());

    public GadgetsSettings Settings => options.Value;

    /// <summary>A gadget by id.</summary>
    public GadgetEntry? Find(string? id) => options.Value.List.FirstOrDefault(gadget => gadget.Id == id);

    /// <summary>A gadget by the address of its specification, as OpenSocial containers name it.</summary>
    public GadgetEntry? FindBySpec(string? url) => options.Value.List.FirstOrDefault(gadget => gadget.Spec == url);

    /// <summary>Where a gadget's requests may go.</summary>
    public ImmutableArray<GadgetTarget> TargetsOf(GadgetEntry gadget) => targets[gadget.Id];

    /// <summary>Realm and client, or what is missing, in words for whoever set it up.</summary>
    public async ValueTask<(Realm? Realm, Client? Client, string? Missing)> OpenAsync(CancellationToken stop)
    {
        var settings = options.Value;
        if (realms.Find(settings.Realm) is not { Enabled: true } realm) return (null, null, $"there is no realm '{settings.Realm}' that is enabled (facades:gadgets:realm)");
        if (await clients.FindByClientIdAsync(realm.Name, settings.Client, stop) is not { Enabled: true } client) return (null, null, $"the realm '{realm.Name}' has no client '{settings.Client}' that is enabled (facades:gadgets:client); make one that may exchange tokens");
        if (!client.Exchanges) return (null, null, $"the client '{client.ClientId}' may not exchange tokens; allow it that");
        return (realm, client, null);
    }

    /// <summary>Whether a request comes from a page of this very origin, by the browser's word; programs that are no browser say nothing.</summary>
    public static bool IsOwn(HttpContext context, string publicUrl)
        => context.Request.Headers["Sec-Fetch-Site"].ToString() is var site && (site.Length > 0 ? site is "same-origin" : context.Request.Headers.Origin.ToString() is var origin && (origin.Length == 0 || origin == publicUrl));
}
