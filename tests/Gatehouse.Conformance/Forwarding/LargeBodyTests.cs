using System.Diagnostics;
using System.Net.Sockets;
using Gatehouse.Tests.Forwarding;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace Gatehouse.Conformance.Forwarding;

/// <summary>Bodies of 1 GiB in constant memory. Front, upstream and client share this process, so the bound holds for all three together.</summary>
[Collection("alone")]
public sealed class LargeBodyTests
{
    private const long Gibibyte = 1L << 30;
    private const long Bound = 64L << 20;

    private static readonly CancellationToken Stop = TestContext.Current.CancellationToken;

    private static async Task<(Rig Rig, StrongBox Sent)> FrontAsync()
    {
        var sent = new StrongBox();
        var upstream = await Rig.HostAsync(async c =>
        {
            var buffer = new byte[64 * 1024];
            if (HttpMethods.IsPost(c.Request.Method))
            {
                long got = 0;
                int count;
                while ((count = await c.Request.Body.ReadAsync(buffer)) > 0) got += count;
                await c.Response.WriteAsync($"{got}");
                return;
            }

            if (c.Request.Path == "/length") c.Response.ContentLength = Gibibyte;
            for (var left = Gibibyte; left > 0; left -= buffer.Length)
            {
                await c.Response.Body.WriteAsync(buffer, c.RequestAborted);
                Interlocked.Add(ref sent.Value, buffer.Length);
            }
        });
        var rig = await Rig.StartAsync([new Uri(upstream.Urls.First())]);
        rig.Own(upstream);
        return (rig, sent);
    }

    /// <summary>Runs it once small to have everything warm, then measures how far the resident memory rises.</summary>
    private static async Task<long> GrowthAsync(Func<Task> work)
    {
        GC.Collect();
        using var me = Process.GetCurrentProcess();
        var before = me.WorkingSet64;
        var peak = before;
        var running = work();
        while (await Task.WhenAny(running, Task.Delay(20, Stop)) != running)
        {
            me.Refresh();
            peak = Math.Max(peak, me.WorkingSet64);
        }

        await running;
        return peak - before;
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_upload_of_1_GiB_takes_constant_memory(bool chunked)
    {
        var (rig, _) = await FrontAsync();
        await using var owned = rig;
        var growth = await GrowthAsync(async () =>
        {
            using var message = new HttpRequestMessage(HttpMethod.Post, "/") { Content = new StreamContent(new Zeros(Gibibyte), 64 * 1024) };
            message.Headers.TransferEncodingChunked = chunked;
            if (!chunked) message.Content.Headers.ContentLength = Gibibyte;
            using var response = await rig.Client.SendAsync(message, Stop);
            Assert.Equal($"{Gibibyte}", await response.Content.ReadAsStringAsync(Stop));
        });
        Assert.True(growth < Bound, $"{growth >> 20} MiB");
    }

    [Theory]
    [InlineData("/chunked")]
    [InlineData("/length")]
    public async Task A_download_of_1_GiB_takes_constant_memory(string path)
    {
        var (rig, _) = await FrontAsync();
        await using var owned = rig;
        var growth = await GrowthAsync(async () =>
        {
            await using var body = await rig.Client.GetStreamAsync(path, Stop);
            var buffer = new byte[64 * 1024];
            long got = 0;
            int count;
            while ((count = await body.ReadAsync(buffer, Stop)) > 0) got += count;
            Assert.Equal(Gibibyte, got);
        });
        Assert.True(growth < Bound, $"{growth >> 20} MiB");
    }

    [Fact]
    public async Task A_client_that_does_not_read_holds_the_upstream_back()
    {
        var (rig, sent) = await FrontAsync();
        await using var owned = rig;
        using var client = await rig.RawAsync();
        client.Socket.ReceiveBufferSize = 64 * 1024;
        await client.SendAsync("GET /length HTTP/1.1\r\nHost: a\r\n\r\n");
        long before, after = -1;
        do
        {
            before = after;
            await Task.Delay(500, Stop);
            after = Interlocked.Read(ref sent.Value);
        }
        while (before != after || after == 0);
        Assert.InRange(after, 1, Bound);
    }

    private sealed class StrongBox
    {
        public long Value;
    }

    private sealed class Zeros(long length) : Stream
    {
        private long _left = length;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override int Read(byte[] buffer, int offset, int count)
        {
            var take = (int)Math.Min(_left, count);
            Array.Clear(buffer, offset, take);
            _left -= take;
            return take;
        }

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}

/// <summary>Tests that measure the whole process run with nothing beside them.</summary>
[CollectionDefinition("alone", DisableParallelization = true)]
public sealed class Alone;
