using System.Net;
using Gatehouse.Outbound;
using Gatehouse.Tests.Kits;
using Xunit;

namespace Gatehouse.Tests.Outbound;

/// <summary>Where a guarded request may connect to, decided on the connection itself.</summary>
public sealed class GuardedHttpTests
{
    [Theory]
    [InlineData("8.8.8.8", true), InlineData("93.184.216.34", true), InlineData("2606:4700::1111", true), InlineData("172.15.0.1", true), InlineData("172.32.0.1", true), InlineData("100.128.0.1", true)]
    [InlineData("127.0.0.1", false), InlineData("127.9.9.9", false), InlineData("10.1.2.3", false), InlineData("172.16.0.1", false), InlineData("192.168.0.1", false), InlineData("169.254.169.254", false), InlineData("100.100.100.200", false), InlineData("0.0.0.0", false), InlineData("224.0.0.1", false)]
    [InlineData("255.255.255.255", false), InlineData("192.0.0.192", false), InlineData("198.18.0.1", false), InlineData("203.0.113.1", false), InlineData("::1", false), InlineData("::", false), InlineData("::ffff:127.0.0.1", false), InlineData("::ffff:8.8.8.8", true), InlineData("::127.0.0.1", false), InlineData("fe80::1", false)]
    [InlineData("fc00::1", false), InlineData("fd00:ec2::254", false), InlineData("fec0::1", false), InlineData("ff02::1", false), InlineData("64:ff9b::7f00:1", false), InlineData("2002:7f00:1::", false), InlineData("2001:0:1::1", false), InlineData("2001:db8::1", false), InlineData("100::1", false)]
    public void Addresses_are_the_internets_or_not(string address, bool isPublic) => Assert.Equal(isPublic, Addresses.IsPublic(IPAddress.Parse(address)));

    [Fact]
    public async Task A_name_that_changes_between_check_and_connection_gains_nothing()
    {
        await using var third = await Thirds.StartAsync();
        third.Put("/", "inside");
        var (port, asked) = (new Uri(third.Url).Port, 0);
        // Public for whoever asks first, this machine for whoever asks next, and both at once.
        IPAddress[][] answers = [[IPAddress.Parse("192.0.2.1")], [IPAddress.Loopback], [IPAddress.IPv6Loopback, IPAddress.Parse("::ffff:127.0.0.1"), IPAddress.Parse("169.254.169.254")]];
        using var http = new GuardedHttp([], (_, _) => Task.FromResult(answers[asked++ % answers.Length]));
        for (var i = 0; i < 3; i++) Assert.Equal(GuardedEnd.Address, await EndAsync(http, $"http://changing.example:{port}/"));
        Assert.Equal(3, asked);
        Assert.Empty(third.All);
    }

    [Fact]
    public async Task Networks_that_the_operator_names_count_and_addresses_that_are_written_out()
    {
        await using var third = await Thirds.StartAsync();
        third.Put("/", "inside");
        var port = new Uri(third.Url).Port;
        using var open = new GuardedHttp([IPNetwork.Parse("127.0.0.0/8")], (_, _) => Task.FromResult<IPAddress[]>([IPAddress.Loopback]));
        Assert.Equal(GuardedEnd.Answered, await EndAsync(open, $"http://crm.example:{port}/"));
        using var closed = new GuardedHttp([IPNetwork.Parse("10.0.0.0/8")], (_, _) => Task.FromResult<IPAddress[]>([IPAddress.Loopback]));
        Assert.Equal(GuardedEnd.Address, await EndAsync(closed, $"http://crm.example:{port}/"));
        Assert.Equal(GuardedEnd.Answered, await EndAsync(closed, $"http://127.0.0.1:{port}/"));

        // What is never meant stays out, also where a network covers it or the address is written out.
        using var wide = new GuardedHttp([IPNetwork.Parse("169.0.0.0/8")], (_, _) => Task.FromResult<IPAddress[]>([IPAddress.Parse("169.254.169.254")]));
        Assert.Equal(GuardedEnd.Address, await EndAsync(wide, "http://meta.example/"));
        Assert.Equal(GuardedEnd.Address, await EndAsync(wide, "http://169.254.169.254/"));
    }

    [Fact]
    public async Task What_takes_too_long_is_left()
    {
        await using var third = await Thirds.StartAsync();
        third.Pages["/"] = async context => await Task.Delay(Timeout.Infinite, context.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);
        using var http = new GuardedHttp([]);
        using var request = new HttpRequestMessage(HttpMethod.Get, third.Url);
        Assert.Equal(GuardedEnd.Late, (await http.SendAsync(request, 100, TimeSpan.FromMilliseconds(50), default)).End);
    }

    private static async Task<GuardedEnd> EndAsync(GuardedHttp http, string url)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, url);
        var result = await http.SendAsync(request, 1000, TimeSpan.FromSeconds(10), default);
        result.Answer?.Dispose();
        return result.End;
    }
}
