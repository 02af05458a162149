using Gatehouse.Admin.Representations;

namespace Gatehouse.Admin;

/// <summary>Signing keys: what there is, and putting a new one to use.</summary>
internal static class KeyRoutes
{
    public static void Map(AdminRoutes admin)
    {
        admin.Get("keys", "Lists signing keys with their states, newest first; never private parts", Right.ViewRealm, ListAsync).Gives<KeysRepresentation>();
        admin.Post("keys/{algorithm}/rotate", "Announces a new signing key, which is put to use when others have had time to hear of it", Right.ManageRealm, RotateAsync).Gives(204);
    }

    private static async Task<Answer> ListAsync(Asked asked)
    {
        var keys = await asked.Rooms.Keys.ListAsync(asked.Realm.Name, asked.Stop);
        var active = keys.Where(key => key.State == "active").GroupBy(key => key.Algorithm).ToDictionary(some => some.Key, some => some.First().KeyId);
        return Answer.Ok(new KeysRepresentation(active, [.. keys.Select(key => new KeyRepresentation(
            key.KeyId, key.Algorithm, key.Algorithm.StartsWith("ES", StringComparison.Ordinal) ? "EC" : "RSA",
            key.State switch { "active" => "ACTIVE", "retired" => "DISABLED", _ => "PASSIVE" }, "SIG", key.CreatedAt.ToUnixTimeMilliseconds()))]));
    }

    private static async Task<Answer> RotateAsync(Asked asked)
    {
        var algorithm = asked.Route("algorithm");
        if (algorithm is not ("ES256" or "RS256" or "PS256")) throw Refused.Unsupported("The algorithm must be ES256, RS256 or PS256.");
        await asked.ChangeAsync("ACTION", "REALM", $"keys/{algorithm}/rotate", _ => Task.FromResult(true));
        await asked.Rooms.Keys.RotateAsync(asked.Realm.Name, algorithm, asked.Stop);
        return Answer.Done;
    }
}
