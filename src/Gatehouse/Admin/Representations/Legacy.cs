using Gatehouse.Clients;

namespace Gatehouse.Admin.Representations;

/// <summary>Uses of a shared secret by one client, route and method.</summary>
internal sealed record LegacyUseRepresentation
{
    public string? Id { get; init; }

    /// <summary>Name of the secret in the access file.</summary>
    public string? Secret { get; init; }

    /// <summary>current or previous.</summary>
    public string? Value { get; init; }

    public string? Address { get; init; }

    public string? UserAgent { get; init; }

    public string? Service { get; init; }

    /// <summary>Path template of the route.</summary>
    public string? Route { get; init; }

    public string? Method { get; init; }

    public long? Count { get; init; }

    /// <summary>Unix milliseconds.</summary>
    public long? FirstSeen { get; init; }

    /// <summary>Unix milliseconds.</summary>
    public long? LastSeen { get; init; }

    public static LegacyUseRepresentation Of(LegacyUse use) => new()
    {
        Id = use.Id, Secret = use.Key.Secret, Value = use.Key.Current ? "current" : "previous", Address = use.Key.Address, UserAgent = use.Key.Agent, Service = use.Key.Service, Route = use.Key.Route, Method = use.Key.Method,
        Count = use.Times, FirstSeen = use.First.ToUnixTimeMilliseconds(), LastSeen = use.Last.ToUnixTimeMilliseconds(),
    };
}
