using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Gatehouse.Forwarding;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace Gatehouse.Tests.Forwarding;

public sealed class ForwarderTests
{
    private static readonly CancellationToken Stop = TestContext.Current.CancellationToken;

    private static async Task<Rig> FrontOf(RequestDelegate upstream, Func<UpstreamPlan, UpstreamPlan>? plan = null, Func<HttpContext, OutgoingRequest>? request = null)
    {
        var host = await Rig.HostAsync(upstream);
        var rig = await Rig.StartAsync([new Uri(host.Urls.First())], plan, request);
        rig.Own(host);
        return rig;
    }

    [Fact]
    public async Task Forwards_request_and_response()
    {
        await using var rig = await FrontOf(async c =>
        {
            c.Response.StatusCode = 201;
            c.Response.Headers.Append("X-Two", "a");
            c.Response.Headers.Append("X-Two", "b");
            await c.Response.WriteAsync($"{c.Request.Method} {c.Features.Get<Microsoft.AspNetCore.Http.Features.IHttpRequestFeature>()!.RawTarget} {c.Request.Headers["X-Mine"]} {await new StreamReader(c.Request.Body).ReadToEndAsync()}");
        });
        for (var i = 0; i < 3; i++)
        {
            using var message = new HttpRequestMessage(HttpMethod.Post, "/a%20b?c=%2F&d") { Content = new StringContent("body") };
            message.Headers.Add("X-Mine", "mine");
            using var response = await rig.Client.SendAsync(message, Stop);
            Assert.Equal(HttpStatusCode.Created, response.StatusCode);
            Assert.Equal(["a", "b"], response.Headers.GetValues("X-Two"));
            Assert.Equal("POST /a%20b?c=%2F&d mine body", await response.Content.ReadAsStringAsync(Stop));
        }

        Assert.Equal(1, rig.Upstream.Look()[0].Connections);
        Assert.Equal(0, rig.Upstream.Load);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(5000)]
    [InlineData(70_000)]
    [InlineData(3_000_000)]
    public async Task Bodies_of_any_size_arrive_whole_by_length_and_by_chunks(int size)
    {
        await using var rig = await FrontOf(async c =>
        {
            if (c.Request.Headers.ContainsKey("X-Length")) c.Response.ContentLength = c.Request.ContentLength;
            await c.Request.Body.CopyToAsync(c.Response.Body);
        });
        var body = new byte[size];
        for (var i = 0; i < size; i++) body[i] = (byte)(i % 251);
        foreach (var chunked in new[] { true, false })
        {
            using var message = new HttpRequestMessage(HttpMethod.Put, "/") { Content = new ByteArrayContent(body) };
            message.Headers.TransferEncodingChunked = chunked;
            if (!chunked) message.Headers.Add("X-Length", "1");
            using var response = await rig.Client.SendAsync(message, Stop);
            Assert.Equal(body, await response.Content.ReadAsByteArrayAsync(Stop));
        }

        Assert.Equal(1, rig.Upstream.Look()[0].Connections);
    }
}
