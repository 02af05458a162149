using System.Net;
using System.Text;
using System.Text.Json;
using Gatehouse.Storage;
using Gatehouse.Tests.Kits;
using Xunit;

namespace Gatehouse.Tests.Protocols.OpenId;

public sealed class BusyTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_full_queue_of_writes_answers_503_in_each_doors_form_and_harms_nothing()
    {
        await using var desk = await Desk.OpenAsync(stop: Stop);
        using var browser = new Browser(desk);
        var (_, tokens) = await browser.RedeemAsync(Browser.Query(await browser.SignInAsync(), "code"));
        var refresh = tokens.GetProperty("refresh_token").GetString()!;
        var database = desk.Part<Database>();
        var hold = new TaskCompletionSource();
        var writing = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var writes = new List<Task>
        {
            database.WriteAsync(async _ =>
            {
                writing.TrySetResult();
                await hold.Task;
                return 0;
            }, Stop),
        };
        await writing.Task.WaitAsync(TimeSpan.FromSeconds(20), Stop);
        do writes.Add(database.WriteAsync(_ => Task.FromResult(0), Stop));
        while (!writes[^1].IsFaulted);
        await Assert.ThrowsAsync<StorageBusy>(() => writes[^1]);
        writes.RemoveAt(writes.Count - 1);

        using var form = new StringContent($"grant_type=refresh_token&client_id=agent-desk&refresh_token={refresh}", Encoding.ASCII, "application/x-www-form-urlencoded");
        using var answer = await desk.Http.PostAsync($"/realms/{Desk.Realm}/protocol/openid-connect/token", form, Stop);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
        Assert.Equal(TimeSpan.FromSeconds(2), answer.Headers.RetryAfter!.Delta);
        Assert.Equal("temporarily_unavailable", JsonDocument.Parse(await answer.Content.ReadAsStringAsync(Stop)).RootElement.GetProperty("error").GetString());
        using var page = await desk.Http.GetAsync($"/realms/{Desk.Realm}/sign-in", Stop);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, page.StatusCode);
        Assert.Equal(TimeSpan.FromSeconds(2), page.Headers.RetryAfter!.Delta);

        hold.SetResult();
        await Task.WhenAll(writes);
        Assert.Equal(HttpStatusCode.OK, (await browser.RefreshAsync(refresh)).Status);
    }
}
