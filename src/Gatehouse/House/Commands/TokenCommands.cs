using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using Gatehouse.Wire.Jose;
using Gatehouse.Wire.Text;

namespace Gatehouse.House.Commands;

/// <summary><c>gatehouse token inspect</c>: what stands in a token, and whether it is ours. Never prints the signature: what is pasted into a ticket must not work as a token.</summary>
internal static class TokenCommands
{
    private static readonly string[] Times = ["exp", "nbf", "iat", "auth_time"];
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.Default };

    private sealed record Finding(Jws Token, JwtClaims Claims, string Signature, DateTimeOffset Now)
    {
        public string State => Claims.ExpiresAt is { } end && end <= Now.ToUnixTimeSeconds() ? "expired" : Claims.NotBefore is { } start && start > Now.ToUnixTimeSeconds() ? "not valid yet" : "in time";
    }

    public static Verb Build(Terminal terminal)
    {
        var token = new Argument<string>("TOKEN") { Description = "The token, or - to read it from the input (an argument is seen in the process list)." };
        var data = new Option<string?>("--data") { Description = "Data folder whose keys check the signature. Default: ./data, if it is there.", HelpName = "DIR" };
        var json = new Option<bool>("--json") { Description = "Answer in JSON." };
        var inspect = new Verb("inspect", "Decodes a JWT, says its times in words and checks the signature if the keys are at hand.",
            "echo \"$TOKEN\" | gatehouse token inspect -", "gatehouse token inspect eyJhbGciOi… --data /var/lib/gatehouse", "gatehouse token inspect - --json < token.txt") { token, data, json };
        inspect.SetAction(async (parsed, stop) =>
        {
            var text = parsed.GetValue(token)!;
            if (text == "-") text = await terminal.Input.ReadLineAsync(stop) ?? "";
            text = text.Trim();
            if (text.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase)) text = text[7..].Trim();
            if (!Jws.TryParse(text, Limits.Default, out var jws, out var error)) throw new StartRefused($"This is not a readable JWT ({error}).");
            if (!JwtClaims.TryParse(jws.Payload, Limits.Default, out var claims, out error)) throw new StartRefused($"The token's claims cannot be read ({error}).");
            var finding = new Finding(jws, claims, await CheckAsync(jws, claims, parsed.GetValue(data), stop), TimeProvider.System.GetUtcNow());
            if (parsed.GetValue(json)) SayJson(terminal, finding);
            else Say(terminal, finding);
            return finding.Signature == "wrong" ? CommandLine.Refused : CommandLine.Done;
        });
        return DataVerb.Group("token", "Tokens.", ["echo \"$TOKEN\" | gatehouse token inspect -"], inspect);
    }

    private static async Task<string> CheckAsync(Jws jws, JwtClaims claims, string? data, CancellationToken stop)
    {
        const string Unknown = "not checked: no keys at hand";
        if (data is null && !Directory.Exists(new ServeOptions().Data)) return Unknown;
        await using var shop = await Workshop.OpenAsync(data ?? new ServeOptions().Data, Environment.GetEnvironmentVariable("GATEHOUSE__STORAGE__CONNECTION"), fresh: false, stop);
        var realm = claims.Issuer?.Split("/realms/", 2) is [_, var name] ? name : null;
        if (realm is null || shop.Realms.Find(realm) is null) return "not checked: the issuer is none of the realms here";
        if (shop.Keys.Verifier(realm, jws.KeyId, jws.Algorithm.Name) is not { } verifier) return "not checked: the realm has no such key";
        return verifier.Verify(jws) == JoseError.None ? "right" : "wrong";
    }

    private static void Say(Terminal terminal, Finding finding)
    {
        var (token, claims, signature, now) = finding;
        terminal.Output.WriteLine($"algorithm  {token.Algorithm.Name}");
        terminal.Output.WriteLine($"key        {Terminal.Printable(token.KeyId ?? "-")}");
        terminal.Output.WriteLine($"type       {Terminal.Printable(token.Type ?? "-")}");
        terminal.Output.WriteLine($"signature  {signature}");
        terminal.Output.WriteLine($"state      {finding.State}");
        foreach (var name in Times)
            if (claims.Time(name) is { } at) terminal.Output.WriteLine($"{name,-10} {DateTimeOffset.FromUnixTimeSeconds(at):u} ({TimeWords.Say(DateTimeOffset.FromUnixTimeSeconds(at), now)})");
        terminal.Output.WriteLine("claims");
        terminal.Output.WriteLine(JsonSerializer.Serialize(claims.All, Indented));
    }

    private static void SayJson(Terminal terminal, Finding finding)
    {
        var times = new JsonObject();
        foreach (var name in Times)
            if (finding.Claims.Time(name) is { } at) times[name] = TimeWords.Say(DateTimeOffset.FromUnixTimeSeconds(at), finding.Now);
        terminal.Output.WriteLine(new JsonObject
        {
            ["algorithm"] = finding.Token.Algorithm.Name, ["key"] = finding.Token.KeyId, ["type"] = finding.Token.Type, ["signature"] = finding.Signature, ["state"] = finding.State,
            ["times"] = times, ["claims"] = JsonNode.Parse(finding.Claims.All.GetRawText()),
        }.ToJsonString(Indented));
    }
}
