using System.Text;
using Gatehouse.Facades.Expertflow;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Gatehouse.Tests.Facades.Expertflow;

/// <summary>Bodies as clients post them: digits in either form, and nothing read twice.</summary>
public sealed class PostedTests
{
    [Theory]
    [InlineData("""{"otp":"012345"}""", "012345")]
    [InlineData("""{"otp":12345}""", "012345")] // 012345, by a client that sends a number
    [InlineData("""{"otp":0}""", "000000")]
    [InlineData("""{"otp":491701234567}""", "491701234567")]
    [InlineData("""{"otp":"12345"}""", "12345")]
    [InlineData("""{"otp":true}""", null)]
    [InlineData("""{"otp":["012345"]}""", null)]
    public async Task Digits_are_a_text_or_a_number(string body, string? expected)
    {
        var (posted, fault) = await ReadAsync(body);
        Assert.Null(fault);
        Assert.Equal(expected, posted!.Digits("otp"));
    }

    [Theory]
    [InlineData("""{"otp":"1","otp":"2"}""")]
    [InlineData("""{"otp":012345}""")]
    [InlineData("""["otp"]""")]
    [InlineData("")]
    public async Task What_can_be_read_in_two_ways_is_refused(string body) => Assert.Equal(400, (await ReadAsync(body)).Fault!.Status);

    [Fact]
    public async Task Depth_and_size_have_an_end()
    {
        Assert.NotNull((await ReadAsync($$"""{"x":{{new string('[', 2000)}}{{new string(']', 2000)}}}""")).Fault);
        Assert.NotNull((await ReadAsync($$"""{"x":"{{new string('a', 20_000)}}"}""")).Fault);
    }

    private static async Task<(Posted? Posted, Fault? Fault)> ReadAsync(string body)
    {
        await using var services = new ServiceCollection().AddSingleton(TimeProvider.System).BuildServiceProvider();
        var context = new DefaultHttpContext { RequestServices = services };
        context.Request.ContentType = "application/json";
        context.Request.Body = new MemoryStream(Encoding.UTF8.GetBytes(body));
        return await Posted.ReadAsync(context);
    }
}
