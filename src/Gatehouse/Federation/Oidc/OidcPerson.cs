using System.Collections.Immutable;
using System.Text.Json;

namespace Gatehouse.Federation.Oidc;

/// <summary>Makes a person of claims.</summary>
internal static class OidcPerson
{
    private static readonly string[] Technical = ["iss", "aud", "exp", "iat", "nbf", "nonce", "at_hash", "c_hash", "s_hash", "azp", "jti", "rh", "uti", "aio"];

    /// <summary>From an ID token's claims, or a userinfo answer.</summary>
    public static UpstreamIdentity Of(OidcShape shape, JsonElement claims, string? idToken) => new()
    {
        Subject = Text(claims, shape.SubjectClaim) ?? Text(claims, "sub") ?? "", Username = Text(claims, shape.UsernameClaim), Email = Text(claims, "email"), EmailVerified = IsTrue(claims, "email_verified"),
        FirstName = Text(claims, "given_name") ?? Text(claims, "first_name"), LastName = Text(claims, "family_name") ?? Text(claims, "last_name"), Groups = Texts(claims, shape.GroupsClaim), Attributes = All(claims),
        AuthenticatedAt = claims.TryGetProperty("auth_time", out var at) && at.TryGetInt64Safe() is { } seconds ? DateTimeOffset.FromUnixTimeSeconds(seconds) : null, Methods = Texts(claims, "amr"), SessionId = Text(claims, "sid"), SignOutHint = idToken,
    };

    /// <summary>Fills in what the ID token left out; what it said stays.</summary>
    public static UpstreamIdentity Merge(OidcShape shape, UpstreamIdentity proven, JsonElement more)
    {
        var also = Of(shape, more, null);
        return proven with
        {
            Username = proven.Username ?? also.Username, Email = proven.Email ?? also.Email, EmailVerified = proven.Email is null ? also.EmailVerified : proven.EmailVerified, FirstName = proven.FirstName ?? also.FirstName, LastName = proven.LastName ?? also.LastName,
            Groups = proven.Groups.IsEmpty ? also.Groups : proven.Groups, Attributes = also.Attributes.SetItems(proven.Attributes),
        };
    }

    /// <summary>GitHub's list of addresses: the primary one, when it is verified.</summary>
    public static UpstreamIdentity WithEmails(UpstreamIdentity found, JsonElement list)
    {
        if (list.ValueKind != JsonValueKind.Array) return found;
        foreach (var one in list.EnumerateArray())
            if (one.ValueKind == JsonValueKind.Object && IsTrue(one, "primary") && Text(one, "email") is { } address) return found with { Email = address, EmailVerified = IsTrue(one, "verified") };
        return found;
    }

    /// <summary>A claim as text: numbers too, as GitHub's ids are.</summary>
    public static string? Text(JsonElement claims, string name)
        => !claims.TryGetProperty(name, out var member) ? null : member.ValueKind switch { JsonValueKind.String => member.GetString() is { Length: > 0 } text ? text : null, JsonValueKind.Number => member.GetRawText(), _ => null };

    private static ImmutableArray<string> Texts(JsonElement claims, string name)
        => !claims.TryGetProperty(name, out var member) ? [] : member.ValueKind switch
        {
            JsonValueKind.String => [member.GetString()!],
            JsonValueKind.Array => [.. member.EnumerateArray().Where(one => one.ValueKind == JsonValueKind.String).Select(one => one.GetString()!)],
            _ => [],
        };

    private static ImmutableDictionary<string, ImmutableArray<string>> All(JsonElement claims)
    {
        var all = ImmutableDictionary.CreateBuilder<string, ImmutableArray<string>>();
        foreach (var claim in claims.EnumerateObject())
        {
            if (Technical.Contains(claim.Name)) continue;
            var values = claim.Value.ValueKind is JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False ? [claim.Value.GetRawText()] : Texts(claims, claim.Name);
            if (!values.IsEmpty) all[claim.Name] = values;
        }

        return all.ToImmutable();
    }

    private static bool IsTrue(JsonElement claims, string name) => claims.TryGetProperty(name, out var member) && (member.ValueKind == JsonValueKind.True || (member.ValueKind == JsonValueKind.String && member.GetString() == "true"));

    private static long? TryGetInt64Safe(this JsonElement member) => member.ValueKind == JsonValueKind.Number && member.TryGetInt64(out var value) && value is > 0 and < 253402300799 ? value : null;
}
