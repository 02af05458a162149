using System.Text.RegularExpressions;
using Gatehouse.Credentials;
using Gatehouse.Credentials.Kinds;
using Gatehouse.Gateway;
using Gatehouse.Gateway.Access;
using Gatehouse.Terms;
using Gatehouse.Tests.Golden;
using Gatehouse.Tests.Kits;
using Xunit;

namespace Gatehouse.Tests.Protocols.ForwardAuth;

/// <summary>The golden tables, and spellings that have walked around gates, through both doors and every brand of proxy: the decisions are the same, one by one.</summary>
public sealed class BothDoorsTests
{
    private static readonly string[] Spellings =
    [
        "/{0}//x", "/{0}/%2fx", "/{0}/a%2Fb", "/{0}/./x", "/{0}/../x", "/{0}/%2e%2e/x", "/{0}/x%00", "/{0}/x;a=b", "/{0}/%252e", "/{0}\\x", "/{0}/x%5c", "/{0}/%c0%ae", "//{0}/x", "/{0}/x?access_token=abc", "/{0}/x?token=abc", "/{0}/%78", "/{0}/x/",
        "/%2e%2e/health/live", "/../../health/live", "/{0}/x?../y=%zz", "/nowhere", "/realms/contact-centre", "/{0}/caf%C3%A9",
    ];

    public static TheoryData<string> Files => ["expertflow.golden", "lint.golden", "rules.golden"];

    [Theory]
    [MemberData(nameof(Files))]
    public async Task Both_doors_decide_the_same(string name)
    {
        var parts = (await File.ReadAllTextAsync(GoldenTests.PathOf(name), TestContext.Current.CancellationToken)).Split("================\n");
        var access = Regex.Replace(Regex.Replace(parts[0], @"upstreams: \[.*\]", "upstreams: [\"{upstream}\"]"), "(?m)^realm: .*$", $"realm: {Desk.Realm}");
        await using var gate = await GateDesk.OpenAsync(access, ProxyKit.On());
        var rows = parts[2].Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(row => !row.StartsWith('#')).Select(row => row.Split('|', StringSplitOptions.TrimEntries)).ToList();
        Assert.NotEmpty(rows);
        var service = gate.Desk.Part<Rules>().Now.File.Services[0].Prefix[1..];
        string[][] odd = [.. Spellings.SelectMany(spelling => (string[][])[["GET " + string.Format(spelling, service), "nobody"], ["DELETE " + string.Format(spelling, service), "role:agent role:admin role:x"]])];
        var (wrong, compared) = (new List<string>(), 0);
        foreach (var cells in rows.Concat(odd))
        {
            var (method, target) = (cells[0].Split(' ', 2)[0], cells[0].Split(' ', 2)[1].Trim());
            string[] headers = GoldenTests.PrincipalOf(cells[1]) is { } principal ? ["Authorization: Bearer " + Known(gate, principal)] : [];
            var straight = await ProxyKit.SendAsync(gate.Desk, method, target, headers);
            // Kestrel itself refuses some before the gate sees them.
            var expected = (straight.Status, Code: straight.Code.Length > 0 ? straight.Code : "path.ambiguous");
            foreach (var brand in ProxyKit.Brands)
            {
                compared++;
                var asked = await ProxyKit.AskAsync(gate.Desk, brand, method, target, headers);
                var same = asked.Status == 200 ? expected == (200, "pass") : (asked.TrueStatus, asked.Code) == expected || (asked.Status is 400 or 404 && asked.Code == "" && expected.Status == 400) || target.StartsWith("/realms", StringComparison.Ordinal);
                if (!same || asked.Headers.GetValueOrDefault("WWW-Authenticate") != straight.Headers.GetValueOrDefault("WWW-Authenticate")) wrong.Add($"{brand}: {cells[0]} | {cells[1]}: {asked.TrueStatus} {asked.Code}, at the gate {expected.Status} {expected.Code}");
            }
        }

        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
        Assert.InRange(compared, 6 * (rows.Count + 40), int.MaxValue);
    }

    // A token of a principal that the table names, as if it had been verified a moment ago.
    private static string Known(GateDesk gate, Principal principal)
    {
        var token = "golden-" + Guid.NewGuid().ToString("n");
        var now = gate.Desk.Part<Rules>().Now;
        var whole = principal with { Realm = Desk.Realm, Until = DateTimeOffset.MaxValue };
        foreach (var service in now.File.Services)
            now.Verified.Keep(service, new Credential(CredentialKind.Bearer, CredentialPlace.Authorization, "Authorization", new Secret(token)), new VerificationCache.Entry(whole, null, gate.Desk.Part<OwnJwt>(), DateTimeOffset.MaxValue));
        return token;
    }
}
