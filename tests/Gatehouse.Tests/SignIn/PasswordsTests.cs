using Gatehouse.SignIn;
using Microsoft.Extensions.Options;
using Xunit;

namespace Gatehouse.Tests.SignIn;

public sealed class PasswordsTests
{
    [Fact]
    public async Task Those_who_sign_in_overtake_requests_with_passwords_and_each_lane_has_its_own_end()
    {
        using var passwords = new Passwords(Options.Create(new SignInSettings { PasswordThreads = 1, PasswordQueue = 4 }));
        var requests = new List<Task<string>>();
        await Assert.ThrowsAsync<PasswordsBusy>(() =>
        {
            while (true) requests.Add(passwords.HashAsync("request", default, later: true));
        });
        var person = passwords.HashAsync("person", default);
        await person;
        Assert.Contains(requests, one => !one.IsCompleted);
        await Task.WhenAll(requests);
    }

    [Fact]
    public async Task Whoever_waits_at_the_end_is_answered()
    {
        var passwords = new Passwords(Options.Create(new SignInSettings { PasswordThreads = 2 }));
        var all = Enumerable.Range(0, 6).Select(i => passwords.HashAsync("x", default, later: i % 2 == 0)).ToList();
        passwords.Dispose();
        await Task.WhenAll(all).WaitAsync(TimeSpan.FromSeconds(20));
        await Assert.ThrowsAsync<PasswordsBusy>(() => passwords.HashAsync("x", default));
    }
}
