using System.Diagnostics;
using System.Net.Sockets;
using System.Text;
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

    [Fact]
    public async Task A_request_under_way_is_finished_before_the_program_ends()
    {
        await using var program = await RunningProgram.StartAsync();
        using var late = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        using var client = new TcpClient();
        await client.ConnectAsync(program.Url.Host, program.Url.Port, late.Token);
        await using var stream = client.GetStream();
        var body = "grant_type=client_credentials&client_id=crm-sync&client_secret=" + RunningProgram.ClientSecret;
        await stream.WriteAsync(Encoding.ASCII.GetBytes($"POST /realms/contact-centre/protocol/openid-connect/token HTTP/1.1\r\nHost: {program.Url.Authority}\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {body.Length}\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n"), late.Token);
        var begun = new byte["HTTP/1.1 100 Continue\r\n\r\n".Length];
        await stream.ReadExactlyAsync(begun, late.Token);
        await stream.WriteAsync(Encoding.ASCII.GetBytes(body[..20]), late.Token);
        using (var kill = Process.Start("kill", ["-TERM", program.Process.Id.ToString()])) await kill.WaitForExitAsync(late.Token);

        // A slow sender: the rest takes longer than any hasty time-out would wait.
        foreach (var piece in body[20..].Chunk((body.Length - 20 + 7) / 8))
        {
            await Task.Delay(TimeSpan.FromMilliseconds(400), late.Token);
            Assert.False(program.Process.HasExited, "The program ended in the middle of a request.");
            await stream.WriteAsync(Encoding.ASCII.GetBytes(piece), late.Token);
        }

        using var reader = new StreamReader(stream);
        Assert.StartsWith("HTTP/1.1 200", await reader.ReadToEndAsync(late.Token), StringComparison.Ordinal);
        await program.Process.WaitForExitAsync(late.Token);
        Assert.Equal(0, program.Process.ExitCode);
    }

    private static bool IsIgnored(int process)
        => File.ReadLines($"/proc/{process}/status").First(line => line.StartsWith("SigIgn:", StringComparison.Ordinal)) is var line && (Convert.ToUInt64(line[7..].Trim(), 16) & 2) != 0;
}
