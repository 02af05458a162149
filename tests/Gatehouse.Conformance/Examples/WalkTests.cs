using System.Runtime.CompilerServices;
using Gatehouse.Conformance.Guides;
using Xunit;

namespace Gatehouse.Conformance.Examples;

/// <summary>The walks of the examples, as a newcomer runs them: one command each, from nothing.</summary>
public sealed class WalkTests
{
    [Theory]
    [InlineData("cvg")]
    [InlineData("expertflow")]
    public async Task A_walk_goes_as_it_says(string example)
    {
        var (code, output) = await Shell.RunAsync(Path.GetTempPath(), Path.Combine(Root(), "examples", example, "walk"), new Dictionary<string, string> { ["GATEHOUSE"] = Path.Combine(AppContext.BaseDirectory, "gatehouse") });
        Assert.True(code == 0 && output.Contains("went as expected", StringComparison.Ordinal), output);
    }

    private static string Root([CallerFilePath] string me = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(me)!, "../../.."));
}
