using System.Text.RegularExpressions;
using Gatehouse.Conformance.Kits;
using Xunit;

namespace Gatehouse.Conformance.Bots;

/// <summary>The TypeScript kit: built strictly from its lock file, then held to the shared vectors and to hostile requests by its own tests.</summary>
public sealed partial class BotKitTests
{
    [Fact]
    public async Task The_typescript_kit_builds_and_keeps_to_the_shared_vectors()
    {
        await using var kit = await BotKit.BuildAsync();
        var (code, output) = await kit.RunAsync("npm", "test");
        Assert.True(code == 0, output);
        Assert.True(int.Parse(Passed().Match(output).Groups[1].Value) > 250, output);
    }

    [GeneratedRegex(@"^\W*pass (\d+)", RegexOptions.Multiline)]
    private static partial Regex Passed();
}
