using System.Net;
using Gatehouse.Audit;
using Gatehouse.Gateway;
using Xunit;

namespace Gatehouse.Tests.Gateway;

/// <summary>What the gate keeps in memory stays small, and nobody can push another's entries out or round a limit.</summary>
public sealed class MemoryTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 8, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Generations_keep_what_is_used_and_forget_the_rest()
    {
        var memory = new Generations<int, string>(100);
        memory.Keep(-1, "used");
        for (var i = 0; i < 1000; i++)
        {
            memory.Keep(i, "once");
            Assert.Equal("used", memory.Find(-1));
        }

        Assert.Null(memory.Find(1));
        Assert.InRange(Enumerable.Range(0, 1000).Count(i => memory.Find(i) is not null), 1, 200);
    }

    [Fact]
    public void A_limit_lets_a_burst_pass_and_then_an_even_flow()
    {
        var (limits, limit, address) = (new RateLimits(), new RateLimit(10, TimeSpan.FromSeconds(10), true), IPAddress.Parse("192.0.2.1"));
        for (var i = 0; i < 10; i++) Assert.Null(limits.Take("s", null, address, limit, Start));
        Assert.Equal(TimeSpan.FromSeconds(1), limits.Take("s", null, address, limit, Start));
        Assert.Null(limits.Take("s", null, address, limit, Start.AddSeconds(1)));
        Assert.NotNull(limits.Take("s", null, address, limit, Start.AddSeconds(1)));
        Assert.Null(limits.Take("other", null, address, limit, Start));
        Assert.Null(limits.Take("s", "somebody", address, limit, Start));

        // A clock that goes back locks nobody out for longer than the limit's own time.
        Assert.InRange(limits.Take("s", null, address, limit, Start.AddHours(-1)) ?? TimeSpan.Zero, TimeSpan.Zero, TimeSpan.FromHours(1.1));
    }

    [Fact]
    public void An_ipv6_client_counts_by_its_64()
    {
        Assert.Equal(RateLimits.NetworkOf(IPAddress.Parse("2001:db8::1")), RateLimits.NetworkOf(IPAddress.Parse("2001:db8::ffff:1:2:3")));
        Assert.NotEqual(RateLimits.NetworkOf(IPAddress.Parse("2001:db8::1")), RateLimits.NetworkOf(IPAddress.Parse("2001:db8:0:1::1")));
        Assert.NotEqual(RateLimits.NetworkOf(IPAddress.Parse("0.0.0.0")), RateLimits.NetworkOf(null));
        Assert.NotEqual(RateLimits.NetworkOf(IPAddress.Parse("192.0.2.1")), RateLimits.NetworkOf(IPAddress.Parse("192.0.2.2")));
    }

    [Fact]
    public void A_flood_of_refusals_is_written_in_samples_that_tell_their_weight()
    {
        var sampling = new RefusalSampling();
        var address = IPAddress.Parse("192.0.2.1");
        var weights = Enumerable.Range(0, 5000).Select(_ => sampling.Take("s", "token.expired", address, Start)).Where(weight => weight > 0).ToList();
        Assert.Equal(25, weights.Count);
        Assert.Equal(5, weights.Count(weight => weight == 1000));
        Assert.Equal(1, sampling.Take("s", "token.expired", IPAddress.Parse("192.0.2.9"), Start));
        Assert.Equal(1, sampling.Take("s", "token.expired", address, Start.AddMinutes(1)));
    }
}
