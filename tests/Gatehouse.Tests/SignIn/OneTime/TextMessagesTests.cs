using Gatehouse.Outbound;
using Gatehouse.SignIn.OneTime;
using Gatehouse.Tests.Facades.Expertflow;
using Gatehouse.Tests.Kits;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Xunit;

namespace Gatehouse.Tests.SignIn.OneTime;

/// <summary>What is made of a provider's answers, and of a secret that is not one.</summary>
public sealed class TextMessagesTests
{
    [Theory]
    [InlineData(201, Sending.Taken)]
    [InlineData(400, Sending.Refused)]
    [InlineData(401, Sending.Refused)]
    [InlineData(429, Sending.Refused)]
    [InlineData(302, Sending.Refused)]
    [InlineData(503, Sending.Away)]
    public async Task An_answer_is_taken_for_what_it_is(int status, Sending sending)
    {
        await using var server = await FixedServer.StartAsync(context =>
        {
            context.Response.StatusCode = status;
            context.Response.Headers.Location = "http://127.0.0.1:1/";
            return context.Response.WriteAsync("{}");
        });
        Assert.Equal(sending, await SendAsync(server.Url, UnixFileMode.UserRead));
        Assert.Equal(["/2010-04-01/Accounts/AC%201/Messages.json"], server.Asked.Select(one => one.Replace(" ", "%20", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_provider_that_is_not_there_is_away() => Assert.Equal(Sending.Away, await SendAsync($"http://127.0.0.1:{Loopback.FreePort()}", UnixFileMode.UserRead));

    [Theory]
    [InlineData(UnixFileMode.UserRead | UnixFileMode.GroupRead)]
    [InlineData(UnixFileMode.UserRead | UnixFileMode.OtherRead)]
    [InlineData(null)]
    public async Task A_secret_that_others_read_or_that_is_not_there_is_not_used(UnixFileMode? mode)
    {
        await using var server = await FixedServer.StartAsync(context => context.Response.WriteAsync("{}"));
        Assert.Equal(Sending.Refused, await SendAsync(server.Url, mode));
        Assert.Empty(server.Asked);
    }

    [Fact]
    public async Task Nothing_is_sent_where_no_provider_is_named() => Assert.Equal(Sending.Refused, await SendAsync("", UnixFileMode.UserRead));

    private static async Task<Sending> SendAsync(string url, UnixFileMode? mode)
    {
        var folder = Directory.CreateTempSubdirectory("gatehouse-sms-").FullName;
        var file = Path.Combine(folder, "secret");
        if (mode is { } given)
        {
            await File.WriteAllTextAsync(file, "a-secret\n");
            File.SetUnixFileMode(file, given);
        }

        using var http = new OutboundHttp();
        var messages = new TextMessages(http, Options.Create(new OneTimeSettings { SmsUrl = url, SmsAccount = "AC 1", SmsFrom = "+15005550006", SmsSecretFile = file }), NullLogger<TextMessages>.Instance);
        var sending = await messages.SendAsync("+491701234567", "123456", TestContext.Current.CancellationToken);
        Directory.Delete(folder, recursive: true);
        return sending;
    }
}
