using System.Text.Json;
using Gatehouse.Clients;
using Gatehouse.Clients.Resources;
using Gatehouse.Permissions;
using Xunit;

namespace Gatehouse.Tests.Clients;

/// <summary>Authorization settings as vendors export them are read whatever their order; what does not hold together is told by name and never stored.</summary>
public sealed class SettingsReaderTests
{
    private static readonly Client Own = new() { Id = "1", Realm = "r", ClientId = "me" };

    private const string Unordered = """
        {"policies":[
          {"name":"p","type":"scope","decisionStrategy":"AFFIRMATIVE","config":{"resources":"[\"r\"]","scopes":"[\"view \"]","applyPolicies":"[\"late\",\"all\"]"}},
          {"name":"all","type":"aggregate","logic":"NEGATIVE","decisionStrategy":"CONSENSUS","config":{"applyPolicies":"[\"late\"]"}},
          {"name":"late","type":"role","config":{"roles":"[{\"id\":\"agent\",\"required\":false},{\"id\":\"cim/boss\",\"required\":true}]"}},
          {"name":"who","type":"user","config":{"users":"[\"alice\"]"}}, {"name":"where","type":"group","config":{"groups":"[{\"path\":\"/a\",\"extendChildren\":true}]","groupsClaim":""}},
          {"name":"by","type":"client","config":{"clients":"[\"admin-cli\"]"}}, {"name":"scoped","type":"client-scope","config":{"clientScopes":"[{\"id\":\"email\",\"required\":true}]"}},
          {"name":"when","type":"time","config":{"hour":"8","hourEnd":"18","nbf":"2026-01-01 00:00:00"}}, {"name":"like","type":"regex","config":{"targetClaim":"email","pattern":".*@example[.]org"}},
          {"name":"typed","type":"resource","config":{"defaultResourceType":"t","default":"true","applyPolicies":"[]"}}],
         "resources":[{"name":"r","uri":"/r/*","type":"t","scopes":[{"name":"view "},{"name":"made"}],"owner":{"id":"me","name":"me"},"attributes":{"a":["1","2"]}}],"scopes":[{"name":"view "}]}
        """;

    [Fact]
    public void Any_order_is_read_and_an_export_reads_back_as_the_same()
    {
        var server = Read(Unordered);
        Assert.Equal((10, 1, 2), (server.Policies.Length, server.Resources.Length, server.Scopes.Length));
        var permission = Assert.IsType<Condition.OnScopes>(server.FindPolicy("p")!.Condition);
        Assert.Equal(["view "], permission.Scopes);
        Assert.Equal([server.FindPolicy("late")!.Id, server.FindPolicy("all")!.Id], permission.Policies);
        Assert.Equal(["/r/*"], server.Resources[0].Uris);
        var text = SettingsText.Of(Own, server, new Dictionary<string, string>()).ToJsonString();
        var again = SettingsReader.Merge(new ResourceServer(), JsonDocument.Parse(text).RootElement, Own);
        Assert.Equal(text, SettingsText.Of(Own, again, new Dictionary<string, string>()).ToJsonString());

        // Merged into itself nothing is doubled.
        Assert.Equal(text, SettingsText.Of(Own, SettingsReader.Merge(again, JsonDocument.Parse(text).RootElement, Own), new Dictionary<string, string>()).ToJsonString());
        Assert.Equal(JsonSerializer.Serialize(server), JsonSerializer.Serialize(JsonSerializer.Deserialize<ResourceServer>(JsonSerializer.Serialize(server))));
    }

    public static TheoryData<string, string> Bad => new()
    {
        { """{"policies":[{"name":"s","type":"js","config":{"code":"$evaluation.grant();"}}]}""", "Scripts are not run here" },
        { """{"policies":[{"name":"s","type":"script-mine.js"}]}""", "Scripts are not run here" },
        { """{"policies":[{"name":"s","type":"uma"}]}""", "not offered" },
        { """{"policies":[{"name":"s","type":"teapot"}]}""", "not known" },
        { """{"policies":[{"name":"s"}]}""", "no 'type'" },
        { """{"policies":[{"type":"role"}]}""", "no 'name'" },
        { """{"policies":[{"name":"a","type":"aggregate","config":{"applyPolicies":"[\"a\"]"}}]}""", "stands on itself" },
        { """{"policies":[{"name":"a","type":"aggregate","config":{"applyPolicies":"[\"b\"]"}},{"name":"b","type":"aggregate","config":{"applyPolicies":"[\"c\"]"}},{"name":"c","type":"aggregate","config":{"applyPolicies":"[\"a\"]"}}]}""", "stands on itself" },
        { """{"policies":[{"name":"a","type":"aggregate","config":{"applyPolicies":"[\"nobody\"]"}}]}""", "does not exist" },
        { """{"policies":[{"name":"a","type":"scope","config":{"scopes":"[\"nothing\"]"}}]}""", "does not exist" },
        { """{"policies":[{"name":"a","type":"resource","config":{"resources":"[\"nothing\"]"}}]}""", "does not exist" },
        { """{"policies":[{"name":"a","type":"resource","config":{}}]}""", "neither a resource nor a type" },
        { """{"scopes":[{"name":"s"}],"policies":[{"name":"p","type":"scope","config":{"scopes":"[\"s\"]"}},{"name":"a","type":"aggregate","config":{"applyPolicies":"[\"p\"]"}}]}""", "which is a permission" },
        { """{"policies":[{"name":"a","type":"role","config":{"roles":"not json"}}]}""", "JSON list" },
        { """{"policies":[{"name":"a","type":"role","config":{"roles":"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]"}}]}""", "JSON list" },
        { """{"policies":[{"name":"a","type":"role","config":[]}]}""", "'config' must be an object" },
        { """{"policies":[{"name":"a","type":"regex","config":{"targetClaim":"sub","pattern":"(a+)+\\1"}}]}""", "back-references" },
        { """{"policies":[{"name":"a","type":"regex","config":{"targetClaim":"sub","pattern":"("}}]}""", "no pattern" },
        { """{"policies":[{"name":"a","type":"regex","config":{"targetClaim":"sub","pattern":"x","targetContextAttributes":"true"}}]}""", "targetContextAttributes" },
        { """{"policies":[{"name":"a","type":"time","config":{}}]}""", "names no time" },
        { """{"policies":[{"name":"a","type":"time","config":{"hour":"25"}}]}""", "0 to 23" },
        { """{"policies":[{"name":"a","type":"time","config":{"nbf":"tomorrow"}}]}""", "a time must be written" },
        { """{"policies":[{"name":"a","type":"role","logic":"MAYBE","config":{"roles":"[]"}}]}""", "POSITIVE or NEGATIVE" },
        { """{"policies":[{"name":"a","type":"role","decisionStrategy":"DICE","config":{"roles":"[]"}}]}""", "UNANIMOUS" },
        { """{"policyEnforcementMode":"SOMETIMES"}""", "ENFORCING" },
        { """{"resources":[{"name":"r","_id":"a"},{"name":"r2","_id":"b#c"}]}""", "slash, number sign" },
        { """{"resources":"r"}""", "must be an object" },
        { """{"scopes":[{"displayName":"x"}]}""", "no 'name'" },
    };

    [Theory, MemberData(nameof(Bad))]
    public void What_does_not_hold_together_is_told(string json, string words) => Assert.Contains(words, Assert.ThrowsAny<ArgumentException>(() => Read(json)).Message, StringComparison.Ordinal);

    [Fact]
    public void What_is_too_large_or_too_deep_is_refused_and_quickly()
    {
        var chain = string.Join(',', Enumerable.Range(0, 40).Select(i => $$$"""{"name":"p{{{i}}}","type":"aggregate","policies":[{{{(i == 39 ? "" : $"\"p{i + 1}\"")}}}]}"""));
        Assert.Contains("stands", Assert.ThrowsAny<ArgumentException>(() => Read($$"""{"policies":[{{chain}}]}""")).Message, StringComparison.Ordinal);
        var many = string.Join(',', Enumerable.Range(0, ResourceServer.MostResources + 1).Select(i => $$"""{"name":"r{{i}}"}"""));
        Assert.Contains("more than", Assert.ThrowsAny<ArgumentException>(() => Read($$"""{"resources":[{{many}}]}""")).Message, StringComparison.Ordinal);
        var roles = string.Join(',', Enumerable.Range(0, ResourceServer.MostItems + 1).Select(i => $$"""{"id":"r{{i}}"}"""));
        Assert.Contains("more than", Assert.ThrowsAny<ArgumentException>(() => Read($$"""{"policies":[{"name":"p","type":"role","roles":[{{roles}}]}]}""")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_deleted_resource_takes_the_permission_that_spoke_of_it_alone_so_that_it_does_not_speak_of_all()
    {
        var server = Read("""{"resources":[{"name":"a","_id":"a","scopes":[{"name":"s"}]},{"name":"b","_id":"b","scopes":[{"name":"s"}]}],"policies":[{"name":"one","type":"scope","config":{"resources":"[\"a\"]","scopes":"[\"s\"]"}},{"name":"two","type":"scope","config":{"resources":"[\"a\",\"b\"]","scopes":"[\"s\"]"}}]}""");
        var left = Removal.OfResource(server, server.Find("a")!);
        Assert.Equal(["two"], left.Policies.Select(one => one.Name));
        Assert.Null(Soundness.FaultOf(left));
        Assert.Empty(Removal.OfScope(left, left.Scopes[0]).Policies);
    }

    private static ResourceServer Read(string json) => SettingsReader.Merge(new ResourceServer(), JsonDocument.Parse(json).RootElement, Own);
}
