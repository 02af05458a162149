using Gatehouse.Keys;

namespace Gatehouse.House.Commands;

/// <summary><c>gatehouse keys saml</c>: the roll-over of the key that SAML partners pin.</summary>
internal static class SamlKeyCommands
{
    public static Verb Build(Terminal terminal) => DataVerb.Group(
        "saml", "The realm's key for SAML, whose certificate partners pin. To change it: stage, let the partners take it in, activate, retire.",
        ["gatehouse keys saml list", "gatehouse keys saml stage", "gatehouse keys saml activate", "gatehouse keys saml retire"],
        DataVerb.Make(terminal, "list", "Lists the keys: the active one, the staged successor, the retiring predecessor.", [], ListAsync, ["gatehouse keys saml list", "gatehouse keys saml list --json"]),
        DataVerb.Make(terminal, "certificate", "Prints the certificates in use and staged, as PEM, for a partner that reads no metadata.", [], CertificateAsync, ["gatehouse keys saml certificate"]),
        DataVerb.Make(terminal, "stage", "Makes a successor and publishes it beside the active key; it signs nothing yet.", [], job => MoveAsync(job, "stage"), ["gatehouse keys saml stage"]),
        DataVerb.Make(terminal, "activate", "Signs with the staged key from now on; the one before still opens what is encrypted for it.", [], job => MoveAsync(job, "activate"), ["gatehouse keys saml activate"]),
        DataVerb.Make(terminal, "retire", "Forgets the predecessor.", [], job => MoveAsync(job, "retire"), ["gatehouse keys saml retire"]));

    private sealed record Shown(string Id, string State, string Certificate, DateTimeOffset Until);

    private static async Task<int> ListAsync(Job job)
    {
        var shown = (await job.Shop.SamlKeys.OfAsync(job.Realm.Name, job.Stop)).Select(one => new Shown(one.Id, one.State.ToString().ToLowerInvariant(), one.Key.Public.Thumbprint, one.Key.Public.NotAfter)).ToList();
        if (job.Json) return await job.SayAsync(shown);
        job.Terminal.Table(["key", "state", "certificate (SHA-256)", "until"], shown.Select(one => (IReadOnlyList<string?>)[one.Id, one.State, one.Certificate, one.Until.ToString("u")]));
        return CommandLine.Done;
    }

    private static async Task<int> CertificateAsync(Job job)
    {
        var keys = (await job.Shop.SamlKeys.OfAsync(job.Realm.Name, job.Stop)).Where(one => one.State != SamlKeyState.Retiring).ToList();
        if (job.Json) return await job.SayAsync(keys.Select(one => new { one.Id, State = one.State.ToString().ToLowerInvariant(), Certificate = one.Key.Public.ToPem() }).ToList());
        foreach (var one in keys) await job.Terminal.Output.WriteLineAsync(one.Key.Public.ToPem());
        return CommandLine.Done;
    }

    private static async Task<int> MoveAsync(Job job, string step)
    {
        var (keys, realm) = (job.Shop.SamlKeys, job.Realm.Name);
        var moved = step switch
        {
            "stage" => await keys.StageAsync(realm, job.Stop),
            "activate" => await keys.ActivateAsync(realm, job.Stop),
            _ => await keys.RemoveAsync(realm, SamlKeyState.Retiring, job.Stop),
        };
        if (!moved)
        {
            throw new StartRefused(step switch
            {
                "stage" => "A successor is staged already. See 'gatehouse keys saml list'.",
                "activate" => "No successor is staged, or the predecessor is not retired yet. Run 'gatehouse keys saml stage', or 'retire', first.",
                _ => "No key is retiring. See 'gatehouse keys saml list'.",
            });
        }

        await job.Shop.ChangeAsync(realm, "ACTION", $"keys/saml/{step}", _ => Task.FromResult(true), job.Stop);
        return await job.DoneAsync(step switch { "stage" => "A successor is staged. Partners see it in the metadata.", "activate" => "The successor signs now.", _ => "The predecessor is forgotten." }, new { step });
    }
}
