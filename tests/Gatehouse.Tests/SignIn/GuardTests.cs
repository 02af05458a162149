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
    public void Guesses_that_come_at_once_are_no_more_than_those_that_come_in_turn()
    {
        var guard = new Guard(clock);
        Assert.Equal(5, Enumerable.Range(0, 150).Count(_ => guard.Enter("r", "bob", "evil", null) == TimeSpan.Zero));
        for (var i = 0; i < 5; i++)
        {
            guard.Failed("r", "bob", "evil", null);
            guard.Leave("r", "bob", "evil", null);
        }

        // After the wait: one at a time.
        Assert.True(guard.Wait("r", "bob", "evil", null) > TimeSpan.Zero);
        clock.Advance(TimeSpan.FromSeconds(3));
        Assert.Equal(1, Enumerable.Range(0, 10).Count(_ => guard.Enter("r", "bob", "evil", null) == TimeSpan.Zero));

        // What was not judged takes nothing with it; a right password frees the name.
        guard.Leave("r", "bob", "evil", null);
        Assert.Equal(TimeSpan.Zero, guard.Enter("r", "bob", "evil", null));
        guard.Succeeded("r", "bob", "evil", null);
        guard.Leave("r", "bob", "evil", null);
        Assert.Equal(5, Enumerable.Range(0, 10).Count(_ => guard.Enter("r", "bob", "evil", null) == TimeSpan.Zero));
    }

    [Fact]
    public void A_shift_that_starts_at_once_behind_one_address_is_let_in_and_one_that_guesses_is_not()
    {
        var guard = new Guard(clock);
        Assert.Equal(200, Enumerable.Range(0, 200).Count(i => guard.Enter("r", $"agent{i}", "office", null) == TimeSpan.Zero));
        for (var i = 0; i < 200; i++) guard.Leave("r", $"agent{i}", "office", null);
        Assert.Equal(300, Enumerable.Range(0, 1000).Count(i => guard.Enter("r", $"agent{i}", "evil", null) == TimeSpan.Zero));
        for (var i = 0; i < 300; i++) guard.Failed("r", $"agent{i}", "evil", null);
        for (var i = 0; i < 300; i++) guard.Leave("r", $"agent{i}", "evil", null);
        clock.Advance(TimeSpan.FromMinutes(5));
        Assert.Equal(1, Enumerable.Range(300, 100).Count(i => guard.Enter("r", $"agent{i}", "evil", null) == TimeSpan.Zero));
    }

    [Fact]
    public void Names_that_nobody_can_have_take_one_place_and_what_is_over_is_forgotten()
    {
        var guard = new Guard(clock);
        for (var i = 0; i < 1000; i++) guard.Failed("r", new string((char)('a' + (i % 26)), 1000 + i), "evil", null);
        Assert.Equal(2, guard.Kept);
        clock.Advance(TimeSpan.FromHours(1));
        guard.Failed("r", "alice", "office", null);
        Assert.Equal(2, guard.Kept);
    }

    [Fact]
    public void Addresses_of_one_network_count_as_one()
    {
        Assert.Equal(Guard.NetworkOf(System.Net.IPAddress.Parse("192.0.2.1")), Guard.NetworkOf(System.Net.IPAddress.Parse("192.0.2.200")));
        Assert.NotEqual(Guard.NetworkOf(System.Net.IPAddress.Parse("192.0.2.1")), Guard.NetworkOf(System.Net.IPAddress.Parse("192.0.3.1")));
        Assert.Equal(Guard.NetworkOf(System.Net.IPAddress.Parse("2001:db8::1")), Guard.NetworkOf(System.Net.IPAddress.Parse("2001:db8:0:1::2")));
    }
}
