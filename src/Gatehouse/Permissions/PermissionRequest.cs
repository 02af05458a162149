using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using Gatehouse.Wire.OAuth;

namespace Gatehouse.Permissions;

/// <summary>What is asked for at a resource server, in the words of Keycloak's UMA ticket grant.</summary>
public sealed record PermissionRequest
{
    /// <summary>Everything that the asker may.</summary>
    public static readonly PermissionRequest Everything = new();

    private const int Most = 200;

    /// <summary><c>resource#scope,scope</c>, <c>resource</c> or <c>#scope</c>; empty for everything.</summary>
    public ImmutableArray<string> Wanted { get; init; } = [];

    /// <summary>The part before the number sign is a path, not an id or name.</summary>
    public bool ByPath { get; init; }

    /// <summary>Paths are matched with patterns.</summary>
    public bool Matching { get; init; }

    /// <summary>Resources are named in the answer, beside their ids.</summary>
    public bool WithNames { get; init; } = true;

    /// <summary>Most permissions in the answer; 0 for all.</summary>
    public int Limit { get; init; }

    /// <summary>Reads the request's parameters.</summary>
    public static bool TryRead(Parameters parameters, [NotNullWhen(true)] out PermissionRequest? request, [NotNullWhen(false)] out OAuthError? error)
    {
        (request, error) = (null, null);
        var wanted = parameters.Each("permission");
        if (wanted.Count > Most) error = OAuthError.InvalidRequest($"More than {Most} permissions were asked for at once.");
        else if (wanted.Any(one => one.Length > 2000)) error = OAuthError.InvalidRequest("A permission is longer than 2000 characters.");
        else if (parameters["permission_resource_format"] is { } format && format is not ("id" or "uri")) error = OAuthError.InvalidRequest("The parameter 'permission_resource_format' can be id or uri.");
        var limit = 0;
        if (parameters["response_permissions_limit"] is { } text && (!int.TryParse(text, System.Globalization.NumberStyles.None, null, out limit) || limit > 10_000)) error ??= OAuthError.InvalidRequest("The parameter 'response_permissions_limit' must be a whole number.");
        if (error is not null) return false;
        request = new PermissionRequest
        {
            Wanted = [.. wanted], ByPath = parameters["permission_resource_format"] == "uri", Matching = parameters["permission_resource_matching_uri"] == "true", WithNames = parameters["response_include_resource_name"] != "false", Limit = limit,
        };
        return true;
    }

    /// <summary>As it is kept beside a refresh token.</summary>
    internal string Write() => JsonSerializer.Serialize(this);

    /// <summary>As it was kept.</summary>
    internal static PermissionRequest Read(string text) => JsonSerializer.Deserialize<PermissionRequest>(text)!;
}
