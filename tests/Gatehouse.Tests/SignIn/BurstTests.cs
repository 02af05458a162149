using System.Collections.Concurrent;
using System.Net;
using System.Text;
using Gatehouse.Tests.Kits;
using Xunit;

namespace Gatehouse.Tests.SignIn;

/// <summary>A guesser who sends all guesses at once gets no more of them than one who sends them in turn.</summary>
public sealed class BurstTests
{
    [Fact]
    public async Task A_hundred_guesses_at_once_are_throttled_as_a_hundred_in_turn()
    {
        await using var desk = await Desk.OpenAsync();
        var answers = new ConcurrentBag<HttpStatusCode>();
        await Task.WhenAll(Enumerable.Range(0, 100).Select(async i => answers.Add(await AskAsync(desk, $"wrong-{i}"))));
        Assert.InRange(answers.Count(one => one == HttpStatusCode.Unauthorized), 1, 5);
        Assert.Equal(HttpStatusCode.TooManyRequests, answers.Distinct().Single(one => one != HttpStatusCode.Unauthorized));

        // The right one comes too late by then.
        Assert.Equal(HttpStatusCode.TooManyRequests, await AskAsync(desk, Desk.Password));
    }

    private static async Task<HttpStatusCode> AskAsync(Desk desk, string password)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/gadgets/session");
        request.Headers.TryAddWithoutValidation("Authorization", "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes($"alice:{password}")));
        using var answer = await desk.Http.SendAsync(request);
        return answer.StatusCode;
    }
}
