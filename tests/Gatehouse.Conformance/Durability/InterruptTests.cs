using System.Diagnostics;
using Gatehouse.Conformance.Kits;
using Xunit;

namespace Gatehouse.Conformance.Durability;

/// <summary>Ctrl-C ends the program as cleanly as a service manager does.</summary>
public sealed class InterruptTests
{
    [Theory]
    [InlineData("INT")]
    [InlineData("TERM")]
    public async Task A_signal_ends_it_cleanly_and_the_next_start_is_clean(string signal)
    {
        var program = await RunningProgram.StartAsync();
        // A run in the background has SIGINT ignored by its shell, and every process below it too.
        if (signal == "INT" && IsIgnored(program.Process.Id)) Assert.Skip("SIGINT is ignored here: the tests run in a shell's background.");
        using var client = new HttpClient { BaseAddress = program.Url };
        Assert.Equal(401, (int)(await client.GetAsync("/cim-customer/customers")).StatusCode);
        using (var kill = Process.Start("kill", [$"-{signal}", program.Process.Id.ToString()])) await kill.WaitForExitAsync();
        await program.Process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(30));
        Assert.Equal(0, program.Process.ExitCode);
        Assert.DoesNotContain("Exception", program.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", program.Output, StringComparison.Ordinal);

        await using var next = await RunningProgram.StartAsync(program.Data, program.Url.Port);
        Assert.DoesNotContain("fail:", next.Output, StringComparison.Ordinal);
        using var again = new HttpClient { BaseAddress = next.Url };
        Assert.Equal("ready", await again.GetStringAsync("/health/ready"));
    }

    private static bool IsIgnored(int process)
        => File.ReadLines($"/proc/{process}/status").First(line => line.StartsWith("SigIgn:", StringComparison.Ordinal)) is var line && (Convert.ToUInt64(line[7..].Trim(), 16) & 2) != 0;
}
