using System.Text;
using Gatehouse.People;
using Gatehouse.SignIn.OneTime;
using Gatehouse.Tests.Kits;
using Xunit;

namespace Gatehouse.Tests.SignIn;

/// <summary>Who confirmed a second factor is let in by no door that takes a posted password and knows no code.</summary>
public sealed class HalfProofTests
{
    [Fact]
    public async Task No_facade_that_knows_no_code_is_the_way_around_a_second_factor()
    {
        await using var desk = await Desk.OpenAsync();
        var alice = (await desk.Part<Users>().FindByNameAsync(Desk.Realm, "alice", default))!;
        Assert.Equal((200, 200), (await AskAsync(desk, HttpMethod.Post, "/gadgets/session"), await AskAsync(desk, HttpMethod.Get, "/finesse/api/User/alice")));
        var (factors, secret) = (desk.Part<OneTimeStore>(), new byte[20]);
        await factors.PutAsync(Desk.Realm, alice.Id, Channel.App, secret, default);
        Assert.Null(await factors.TryAsync(Desk.Realm, alice.Id, Totp.CodeOf(secret, Totp.StepAt(DateTimeOffset.UtcNow)), default));
        Assert.Equal((401, 401), (await AskAsync(desk, HttpMethod.Post, "/gadgets/session"), await AskAsync(desk, HttpMethod.Get, "/finesse/api/User/alice")));
    }

    private static async Task<int> AskAsync(Desk desk, HttpMethod method, string path)
    {
        using var request = new HttpRequestMessage(method, path);
        request.Headers.TryAddWithoutValidation("Authorization", "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes($"alice:{Desk.Password}")));
        using var answer = await desk.Http.SendAsync(request);
        return (int)answer.StatusCode;
    }
}
