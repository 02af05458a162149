using System.Text.RegularExpressions;
using Gatehouse.Terms;
using Xunit;

namespace Gatehouse.Tests.HouseRules;

/// <summary>The walls of the house, in two passes: metadata sees what is called, text sees what leaves no trace. Each alone misses some.</summary>
public sealed class HouseRulesTests
{
    [Fact]
    public void No_room_names_what_it_may_not_in_metadata()
    {
        var wrong = MetadataPass.Read(typeof(Reasons).Assembly.Location, "Gatehouse")
            .Select(arrow => (arrow, why: Plan.Refusal(arrow.From, arrow.To))).Where(one => one.why is not null).Select(one => $"{one.arrow.Where} names {one.arrow.What}: {one.why}").ToList();
        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
    }

    [Fact]
    public void No_file_breaks_a_rule_in_its_text()
    {
        var wrong = Source.All().SelectMany(Source.Faults).ToList();
        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
    }

    [Fact]
    public void Terms_stays_small() => Assert.True(Directory.GetFiles(Path.Combine(Source.Root(), "src/Gatehouse/Terms"), "*.cs").Length <= 10, "Terms: at most 10 files");

    [Fact]
    public void A_table_is_named_only_in_the_room_that_made_it()
    {
        var root = Path.Combine(Source.Root(), "src/Gatehouse");
        var owners = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var file in Directory.EnumerateFiles(root, "*.sql", SearchOption.AllDirectories))
            foreach (Match table in Regex.Matches(File.ReadAllText(file), @"create table (\w+)"))
                owners[table.Groups[1].Value] = Path.GetRelativePath(root, file).Split('/')[0];
        var wrong = new List<string>();
        foreach (var file in Source.All().Where(file => file.Room is not null))
            foreach (Match used in Regex.Matches(file.Text, @"\b(?:from|join|into|update)\s+(\w+)\b"))
                if (owners.TryGetValue(used.Groups[1].Value, out var owner) && owner != file.Room && Regex.IsMatch(file.Text, @"\b(?:Query|Execute)\w*Async")) wrong.Add($"{file.Path}: the table {used.Groups[1].Value} is {owner}'s");
        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
    }

    [Fact]
    public void A_facade_never_names_another_and_nobody_but_the_list_names_one()
    {
        var src = Path.Combine(Source.Root(), "src/Gatehouse");
        var facades = Directory.GetDirectories(Path.Combine(src, "Facades")).Select(Path.GetFileName).ToList();
        Assert.NotEmpty(facades);
        foreach (var file in Source.All().Where(file => file.Room is not null && !file.Path.EndsWith("Facades/FacadesRoom.cs", StringComparison.Ordinal)))
            foreach (var facade in facades)
                Assert.False(!file.Path.Contains($"/Facades/{facade}/", StringComparison.Ordinal) && Regex.IsMatch(file.Text, $@"\bFacades\.{facade}\b"), $"{file.Path} names the facade {facade}: a facade is a folder and one line");
    }

    [Fact]
    public void Of_the_protocols_forward_auth_alone_names_the_gate()
    {
        foreach (var file in Source.All().Where(file => file.Room == "Protocols" && !file.Path.Contains("/Protocols/ForwardAuth/", StringComparison.Ordinal)))
            Assert.False(Regex.IsMatch(file.Text, @"\bGatehouse\.Gateway\b"), $"{file.Path} names the gate: only forward-auth may (decision 0017)");
    }

    [Fact]
    public void Every_room_opens_with_what_it_owns_and_never_does()
    {
        var src = Path.Combine(Source.Root(), "src/Gatehouse");
        foreach (var room in Directory.GetDirectories(src).Select(Path.GetFileName).Where(name => Plan.Floors.ContainsKey(name!) && name is not ("Terms" or "House" or "Policy")))
        {
            if (Directory.GetFiles(Path.Combine(src, room!), "*.cs", SearchOption.AllDirectories).Length == 0) continue;
            var door = Directory.GetFiles(Path.Combine(src, room!), "*Room.cs", SearchOption.AllDirectories);
            Assert.True(door.Length > 0, $"{room} has no …Room.cs");
            Assert.Contains(door, file => Regex.IsMatch(File.ReadAllText(file), "(?i)never"));
        }
    }

    [Theory]
    [InlineData("Forwarding", "Audit", "finished request")]
    [InlineData("Gateway", "Storage", "no database")]
    [InlineData("Gateway", "People", "from memory")]
    [InlineData("People", "Clients", "neighbour")]
    [InlineData("Storage", "Tokens", "downstairs")]
    [InlineData("Terms", "Storage", "opinions")]
    [InlineData("Tokens", "House", "roof")]
    [InlineData("Attic", "Storage", "not in the list")]
    public void The_plan_refuses_and_says_why(string from, string to, string why) => Assert.Contains(why, Plan.Refusal(from, to), StringComparison.Ordinal);

    [Theory]
    [InlineData("Gateway", "Tokens")]
    [InlineData("Audit", "Storage")]
    [InlineData("Keys", "Audit")]
    [InlineData("Forwarding", "Terms")]
    [InlineData("House", "Gateway")]
    public void The_plan_allows(string from, string to) => Assert.Null(Plan.Refusal(from, to));

    [Theory]
    [InlineData("Gatehouse/Gateway/A.cs", "namespace Gatehouse.Gateway;\nvar now = DateTime.UtcNow;", "clock")]
    [InlineData("Gatehouse/Gateway/A.cs", "namespace Gatehouse.Gateway;\nvar x = request.Headers.Authorization[0];", "Finder")]
    [InlineData("Gatehouse/Portal/A.cs", "namespace Gatehouse.Portal;\nvar x = request.Headers.Cookie;", "Cookie")]
    [InlineData("Gatehouse/Gateway/A.cs", "namespace Gatehouse.Gateway;\nvar x = Uri.UnescapeDataString(path);", "decodes a path")]
    [InlineData("Gatehouse/Admin/A.cs", "namespace Gatehouse.Admin;\nvar x = new JoseSigner(key, alg);", "signs")]
    [InlineData("Gatehouse/Portal/A.cs", "namespace Gatehouse.Portal;\nvar x = await context.Request.ReadFormAsync(stop);", "read bounded")]
    [InlineData("Gatehouse/Admin/A.cs", "namespace Gatehouse.Admin;\nawait request.Body.CopyToAsync(buffer, stop);", "read bounded")]
    [InlineData("Gatehouse/Admin/A.cs", "namespace Gatehouse.Wrong;", "namespace")]
    [InlineData("Gatehouse/Admin/UserManager.cs", "namespace Gatehouse.Admin;\nclass UserManager;", "banned suffix")]
    [InlineData("Gatehouse/Admin/Helpers/A.cs", "namespace Gatehouse.Admin.Helpers;", "excludes nothing")]
    [InlineData("Gatehouse/Gateway/A.cs", "namespace Gatehouse.Gateway;\nusing Gatehouse.Storage;", "no database")]
    [InlineData("Gatehouse/Forwarding/A.cs", "namespace Gatehouse.Forwarding;\nconst string X = nameof(Gatehouse.Audit.AuditLog);", "finished request")]
    public void The_text_pass_catches(string path, string text, string why) => Assert.Contains(Source.Faults(new SourceFile(path, text)), fault => fault.Contains(why, StringComparison.Ordinal));

    [Fact]
    public void The_text_pass_catches_a_long_file() => Assert.Contains(Source.Faults(new SourceFile("Gatehouse/Admin/A.cs", new string('\n', 401))), fault => fault.Contains("400 lines", StringComparison.Ordinal));

    [Fact]
    public void The_metadata_pass_catches_signatures_bodies_generics_lambdas_and_async()
    {
        var arrows = MetadataPass.Read(typeof(Breaks.Forwarding.InABody).Assembly.Location, "Breaks");
        foreach (var type in (string[])["InABody", "InASignature", "InAGeneric", "InALambda", "InAnAsyncMethod", "AsABase", "InACatch", "InAField"])
            Assert.Contains(arrows, arrow => arrow.From == "Forwarding" && arrow.To == "Audit" && arrow.Where.Contains("." + type, StringComparison.Ordinal));
    }
}
