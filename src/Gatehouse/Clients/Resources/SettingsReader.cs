using System.Collections.Immutable;
using System.Text.Json;

namespace Gatehouse.Clients.Resources;

/// <summary>Reads Keycloak's <c>authorizationSettings</c>, whatever the order in which they stand. Names of the outside are left as they stand. Throws <see cref="ArgumentException"/> in words for people; never answers what does not hold together.</summary>
public static class SettingsReader
{
    /// <summary>The settings with what the document says: what has the same id or name is replaced, what is not mentioned stays. <paramref name="own"/> is the client itself, which owns what names no other owner.</summary>
    public static ResourceServer Merge(ResourceServer old, JsonElement json, Client own)
    {
        var source = new SettingsSource(json);
        var server = old with
        {
            Mode = source.Text("policyEnforcementMode") is { } mode ? ModeOf(mode) : old.Mode, Strategy = source.Text("decisionStrategy") is { } strategy ? PolicyReader.StrategyOf(strategy) : old.Strategy,
            RemoteManagement = source.Flag("allowRemoteResourceManagement") ?? old.RemoteManagement,
        };
        foreach (var scope in source.List("scopes") ?? []) server = WithScope(server, scope, out _);
        server = WithResources(server, source.List("resources") ?? [], own);
        return Sound(WithPolicies(server, source.List("policies") ?? []));
    }

    /// <summary>The settings with a scope that is new or has the same name.</summary>
    public static ResourceServer WithScope(ResourceServer server, JsonElement json, out ResourceScope scope)
    {
        var source = new SettingsSource(json);
        var (id, name) = (source.Text("id"), source.Text("name") ?? throw new ArgumentException("A scope has no 'name'."));
        var old = server.Scopes.FirstOrDefault(one => one.Name == name);
        scope = new ResourceScope(old?.Id ?? (id is not null && server.Scopes.All(one => one.Id != id) ? id : NewId()), name, source.Text("displayName") ?? old?.DisplayName, source.Text("iconUri") ?? old?.IconUri);
        return server with { Scopes = old is null ? server.Scopes.Add(scope) : server.Scopes.Replace(old, scope) };
    }

    /// <summary>The settings with a resource: <paramref name="old"/> changed, or a new one. Scopes that it names are made.</summary>
    public static ResourceServer WithResource(ResourceServer server, JsonElement json, Resource? old, Client own, out Resource resource)
    {
        (server, resource) = ReadResource(server, new SettingsSource(json), old, own);
        return server with { Resources = old is null ? server.Resources.Add(resource) : server.Resources.Replace(old, resource) };
    }

    /// <summary>The settings with a policy or permission: <paramref name="old"/> changed, or a new one.</summary>
    public static ResourceServer WithPolicy(ResourceServer server, JsonElement json, string? kind, ResourcePolicy? old, out ResourcePolicy policy)
    {
        var source = new SettingsSource(json);
        policy = PolicyReader.Read(source, kind, old?.Id ?? source.Text("id") ?? NewId(), old, server);
        return server with { Policies = old is null ? server.Policies.Add(policy) : server.Policies.Replace(old, policy) };
    }

    /// <summary>The same settings, or <see cref="ArgumentException"/> when they do not hold together.</summary>
    public static ResourceServer Sound(ResourceServer server) => Soundness.FaultOf(server) is { } fault ? throw new ArgumentException(fault) : server;

    /// <summary>The mode's name in Keycloak.</summary>
    public static EnforcementMode ModeOf(string text) => text switch
    {
        "ENFORCING" => EnforcementMode.Enforcing,
        "PERMISSIVE" => EnforcementMode.Permissive,
        "DISABLED" => EnforcementMode.Disabled,
        _ => throw new ArgumentException("'policyEnforcementMode' can be ENFORCING, PERMISSIVE or DISABLED."),
    };

    private static ResourceServer WithResources(ResourceServer server, IReadOnlyList<JsonElement> list, Client own)
    {
        var all = server.Resources.ToBuilder();
        foreach (var json in list)
        {
            var source = new SettingsSource(json);
            var (id, name) = (source.Text("_id") ?? source.Text("id"), source.Text("name"));
            var at = id is not null && IndexOf(all, one => one.Id == id) is >= 0 and var byId ? byId : IndexOf(all, one => one.Name == name && one.Owner is null);
            (server, var read) = ReadResource(server, source, at < 0 ? null : all[at], own);
            if (at < 0) all.Add(read);
            else all[at] = read;
            if (all.Count > ResourceServer.MostResources) throw new ArgumentException($"There are more than {ResourceServer.MostResources} resources.");
        }

        return server with { Resources = all.ToImmutable() };
    }

    private static (ResourceServer Server, Resource Resource) ReadResource(ResourceServer server, SettingsSource source, Resource? old, Client own)
    {
        var name = source.Text("name") ?? old?.Name ?? throw new ArgumentException("A resource has no 'name'.");
        var scopes = source.NamesOf("resource_scopes", "name", "id") ?? source.NamesOf("scopes", "name", "id");
        foreach (var scope in scopes ?? [])
            if (server.FindScope(scope) is null) server = server with { Scopes = server.Scopes.Add(new ResourceScope(NewId(), scope)) };
        return (server, new Resource
        {
            Id = old?.Id ?? source.Text("_id") ?? source.Text("id") ?? NewId(), Name = name, DisplayName = source.Text("displayName") ?? old?.DisplayName, Type = source.Text("type") ?? old?.Type, IconUri = source.Text("icon_uri") ?? source.Text("iconUri") ?? old?.IconUri,
            Uris = source.Texts("uris") ?? (source.Text("uri") is { } uri ? [uri] : old?.Uris ?? []), Scopes = scopes is { } named ? [.. named.Select(one => server.FindScope(one)!.Name).Distinct()] : old?.Scopes ?? [],
            Owner = old is not null ? old.Owner : source.Owner() is { } owner && owner != own.Id && owner != own.ClientId ? owner : null, OwnerManagedAccess = source.Flag("ownerManagedAccess") ?? old?.OwnerManagedAccess ?? false, Attributes = source.Map("attributes") ?? old?.Attributes ?? ImmutableDictionary<string, ImmutableArray<string>>.Empty,
        });
    }

    // Permissions may stand before the policies that they name: ids are given out first, the lists are read after.
    private static ResourceServer WithPolicies(ResourceServer server, IReadOnlyList<JsonElement> list)
    {
        var all = server.Policies.ToBuilder();
        var places = new List<(int At, SettingsSource Source)>();
        foreach (var json in list)
        {
            var source = new SettingsSource(json);
            var (id, name) = (source.Text("id"), source.Text("name") ?? throw new ArgumentException("A policy has no 'name'."));
            var at = IndexOf(all, one => one.Name == name);
            if (at < 0 && id is not null) at = IndexOf(all, one => one.Id == id);
            if (at < 0) all.Add(new ResourcePolicy { Id = id ?? NewId(), Name = name, Condition = new Condition.All([]) });
            else if (all[at].Name != name) all[at] = all[at] with { Name = name };
            places.Add((at < 0 ? all.Count - 1 : at, source));
            if (all.Count > ResourceServer.MostPolicies) throw new ArgumentException($"There are more than {ResourceServer.MostPolicies} policies and permissions.");
        }

        var named = server with { Policies = all.ToImmutable() };
        foreach (var (at, source) in places) all[at] = PolicyReader.Read(source, null, all[at].Id, null, named);
        return server with { Policies = all.ToImmutable() };
    }

    private static int IndexOf<T>(ImmutableArray<T>.Builder list, Predicate<T> fits)
    {
        for (var i = 0; i < list.Count; i++)
            if (fits(list[i])) return i;
        return -1;
    }

    private static string NewId() => Guid.NewGuid().ToString();
}
