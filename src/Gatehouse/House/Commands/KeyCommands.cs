using System.CommandLine;

namespace Gatehouse.House.Commands;

/// <summary><c>gatehouse keys</c>.</summary>
internal static class KeyCommands
{
    private static readonly string[] Algorithms = ["ES256", "RS256", "PS256"];

    public static Verb Build(Terminal terminal)
    {
        var algorithm = new Option<string>("--algorithm") { Description = "ES256, RS256 or PS256. Default: the realm's.", HelpName = "ALG" };
        algorithm.AcceptOnlyFromAmong(Algorithms);
        return DataVerb.Group(
            "keys", "Keys that sign tokens, and the key that SAML partners pin.",
            ["gatehouse keys list", "gatehouse keys rotate", "gatehouse keys saml list"],
            DataVerb.Make(terminal, "list", "Lists signing keys with their states, newest first; never private parts.", [], ListAsync, ["gatehouse keys list --json"]),
            DataVerb.Make(terminal, "rotate", "Announces a new key; it signs when others have had time to hear of it, and no request is refused.", [algorithm],
                job => RotateAsync(job, job.Words.GetValue(algorithm)), ["gatehouse keys rotate", "gatehouse keys rotate --algorithm RS256"]),
            SamlKeyCommands.Build(terminal));
    }

    private static async Task<int> ListAsync(Job job)
    {
        var keys = await job.Shop.Keys.ListAsync(job.Realm.Name, job.Stop);
        if (job.Json) return await job.SayAsync(keys);
        job.Terminal.Table(["key", "algorithm", "state", "made"], keys.Select(key => (IReadOnlyList<string?>)[key.KeyId, key.Algorithm, key.State, key.CreatedAt.ToString("u")]));
        return CommandLine.Done;
    }

    private static async Task<int> RotateAsync(Job job, string? algorithm)
    {
        var realm = job.Realm;
        await job.Shop.ChangeAsync(realm.Name, "ACTION", $"keys/{algorithm ?? realm.SigningAlgorithm}/rotate", _ => Task.FromResult(true), job.Stop);
        await job.Shop.Keys.RotateAsync(realm.Name, algorithm ?? realm.SigningAlgorithm, job.Stop);
        var made = (await job.Shop.Keys.ListAsync(realm.Name, job.Stop))[0];
        return await job.DoneAsync($"Key {made.KeyId} ({made.Algorithm}) is {made.State}.", made);
    }
}
