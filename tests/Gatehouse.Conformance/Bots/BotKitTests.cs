using System.Text.RegularExpressions;
using Gatehouse.Conformance.Kits;
using Xunit;

namespace Gatehouse.Conformance.Bots;

/// <summary>The TypeScript kit and the simulator: built strictly from their lock file, then held to the shared vectors, to hostile requests and to bots that misuse tokens by their own tests.</summary>
public sealed partial class BotKitTests
{
    [Fact]
    public async Task The_typescript_kit_and_the_simulator_build_and_pass_their_tests()
    {
        await using var kit = await BotKit.BuildAsync();
        var (code, output) = await kit.RunAsync("npm", "test");
        Assert.True(code == 0, output);
        Assert.True(int.Parse(Passed().Match(output).Groups[1].Value) > 280, output);
    }

    [GeneratedRegex(@"^\W*pass (\d+)", RegexOptions.Multiline)]
    private static partial Regex Passed();
}
