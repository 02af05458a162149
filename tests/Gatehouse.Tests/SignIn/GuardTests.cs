using Gatehouse.SignIn;
using Gatehouse.Tests.Kits;
using Xunit;

namespace Gatehouse.Tests.SignIn;

public sealed class GuardTests
{
    private readonly SetClock clock = new();

    [Fact]
    public void A_guesser_waits_longer_and_longer_and_the_agents_own_desk_does_not()
    {
        var guard = new Guard(clock);
        for (var i = 0; i < 5; i++)
        {
            Assert.Equal(TimeSpan.Zero, guard.Wait("r", "alice", "evil", null));
            guard.Failed("r", "alice", "evil", null);
        }

        var first = guard.Wait("r", "alice", "evil", null);
        Assert.True(first > TimeSpan.Zero);
        guard.Failed("r", "alice", "evil", null);
        Assert.True(guard.Wait("r", "alice", "evil", null) > first);
        Assert.Equal(TimeSpan.Zero, guard.Wait("r", "alice", "office", null));
        Assert.Equal(TimeSpan.Zero, guard.Wait("r", "alice", "evil", "alices-device"));
    }

    [Fact]
    public void A_network_that_tries_many_names_waits_as_a_whole()
    {
        var guard = new Guard(clock);
        for (var i = 0; i < 50; i++) guard.Failed("r", $"user{i}", "evil", null);
        Assert.True(guard.Wait("r", "someone-else", "evil", null) > TimeSpan.Zero);
    }

    [Fact]
    public void The_same_wrong_password_counts_once_against_its_network_and_each_time_against_the_user()
    {
        var guard = new Guard(clock);
        for (var i = 0; i < 60; i++) guard.Failed("r", "robot", "office", null, 7);
        Assert.Equal(TimeSpan.Zero, guard.Wait("r", "alice", "office", null));
        Assert.True(guard.Wait("r", "robot", "office", null) > TimeSpan.Zero);
        for (var i = 0; i < 50; i++) guard.Failed("r", $"user{i}", "office", null, (ulong)(100 + i));
        Assert.True(guard.Wait("r", "alice", "office", null) > TimeSpan.Zero);
    }

    [Fact]
    public void Addresses_of_one_network_count_as_one()
    {
        Assert.Equal(Guard.NetworkOf(System.Net.IPAddress.Parse("192.0.2.1")), Guard.NetworkOf(System.Net.IPAddress.Parse("192.0.2.200")));
        Assert.NotEqual(Guard.NetworkOf(System.Net.IPAddress.Parse("192.0.2.1")), Guard.NetworkOf(System.Net.IPAddress.Parse("192.0.3.1")));
        Assert.Equal(Guard.NetworkOf(System.Net.IPAddress.Parse("2001:db8::1")), Guard.NetworkOf(System.Net.IPAddress.Parse("2001:db8:0:1::2")));
    }
}
