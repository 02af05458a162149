using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Gatehouse.Forwarding;
using Xunit;

namespace Gatehouse.Tests.Forwarding;

public sealed class ParserTests
{
    private static readonly string[] Heads =
    [
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-A:  b c \t\r\n\r\n",
        "HTTP/1.1 204\r\n\r\n",
        "HTTP/1.0 200 OK\r\nServer: x\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\nConnection: close, X-B\r\nKeep-Alive: timeout=5\r\n\r\n",
        "HTTP/1.1 200 OK\r\nX-A\r\n\r\n",
        "HTTP/1.1 200 OK\r\nX-A: b\n\r\n",
        "HTTP/1.1 200 OK\r\nX-A: b\r\n c\r\n\r\n",
    ];

    private static string Read(byte[] bytes, IReadOnlyList<int> cuts)
    {
        var head = new ResponseHead();
        head.Reset();
        foreach (var end in cuts.Append(bytes.Length))
        {
            var parsed = head.Read(bytes.AsSpan(0, end));
            if (parsed == Parsed.NeedMore) continue;
            if (parsed == Parsed.Bad) return "bad";
            var lines = head.Lines.ToArray().Select(l => Encoding.Latin1.GetString(bytes, l.Name, l.NameLength) + "=" + Encoding.Latin1.GetString(bytes, l.Value, l.ValueLength));
            return $"{head.Status} {head.Length} {head.ContentLength} {head.Chunked} {head.Close} {head.KeepAliveSeconds} {head.NamesOthers} {string.Join('|', lines)}";
        }

        return "more";
    }

    private static int[] Cuts(byte[] marks, int length) => [.. marks.Select(m => m % (length + 1)).Distinct().Order()];

    [Fact]
    public void A_head_reads_the_same_however_its_bytes_are_split() => Prop.ForAll<byte[], int>((marks, which) =>
    {
        var bytes = Encoding.Latin1.GetBytes(Heads[(which & 0x7fff) % Heads.Length] + "rest");
        return Read(bytes, Cuts(marks ?? [], bytes.Length)) == Read(bytes, []);
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void A_head_is_read_for_what_it_says()
    {
        Assert.Equal("200 51 5 False False -1 False Content-Length=5|X-A=b c", Read(Encoding.Latin1.GetBytes(Heads[0]), []));
        Assert.Equal("204 16 -1 False False -1 False ", Read(Encoding.Latin1.GetBytes(Heads[1]), []));
        Assert.Contains(" True ", Read(Encoding.Latin1.GetBytes(Heads[2]), []), StringComparison.Ordinal);
        Assert.StartsWith("200 94 -1 True True 5 True ", Read(Encoding.Latin1.GetBytes(Heads[3]), []), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("HTTP/1.1 200 OK\nA: b\n\n")]
    [InlineData("HTTP/1.1 200 OK\r\nA: b\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nA : b\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\n A: b\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nA\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\n: b\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nA: b\0c\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nA: b\rc\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nA\0: b\r\n\r\n")]
    [InlineData("HTTP/1.1 200 O\rK\r\n\r\n")]
    [InlineData("HTTP/1.1 20 OK\r\n\r\n")]
    [InlineData("HTTP/1.1 2000 OK\r\n\r\n")]
    [InlineData("HTTP/1.1 099 OK\r\n\r\n")]
    [InlineData("HTTP/1.1 700 OK\r\n\r\n")]
    [InlineData("HTTP/1.1  200 OK\r\n\r\n")]
    [InlineData("HTTP/2.0 200 OK\r\n\r\n")]
    [InlineData("HTTP/1.2 200 OK\r\n\r\n")]
    [InlineData("http/1.1 200 OK\r\n\r\n")]
    [InlineData("SSH-2.0-OpenSSH\r\n\r\n")]
    [InlineData("\r\nHTTP/1.1 200 OK\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: +5\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 0x5\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 5 5\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: xchunked\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\n\r\n")]
    [InlineData("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")]
    public void A_head_that_could_be_read_in_two_ways_is_refused(string text) => Assert.Equal("bad", Read(Encoding.Latin1.GetBytes(text), []));

    [Fact]
    public void A_head_has_limits()
    {
        Assert.Equal("bad", Read(Encoding.Latin1.GetBytes("HTTP/1.1 200 OK\r\nA: " + new string('x', ResponseHead.MaxLength)), []));
        Assert.Equal("bad", Read(Encoding.Latin1.GetBytes("HTTP/1.1 200 OK\r\n" + string.Concat(Enumerable.Repeat("A: b\r\n", 300)) + "\r\n"), []));
    }

    private static string ReadChunks(byte[] bytes, IReadOnlyList<int> cuts)
    {
        var reader = new ChunkReader();
        reader.Reset();
        var body = new StringBuilder();
        var at = 0;
        foreach (var end in cuts.Append(bytes.Length))
        {
            while (at < end)
            {
                var parsed = reader.Read(bytes.AsSpan(at, end - at), out var used, out var data);
                at += used;
                body.Append(Encoding.Latin1.GetString(data));
                if (parsed == Parsed.Bad) return "bad";
                if (parsed == Parsed.Done) return $"{body} rest={bytes.Length - at} {string.Join('|', reader.Trailers)}";
            }
        }

        return "more";
    }

    [Fact]
    public void Chunks_read_the_same_however_their_bytes_are_split() => Prop.ForAll<byte[], byte[]>((marks, sizes) =>
    {
        var text = new StringBuilder();
        foreach (var size in (sizes ?? []).Where(s => s > 0)) text.Append($"{size:X};a=\"b\"\r\n{new string('x', size)}\r\n");
        var bytes = Encoding.Latin1.GetBytes(text.Append("0\r\nX-A: b\r\nX-C:d\r\n\r\nrest").ToString());
        var cuts = (marks ?? []).Select(m => m * 3 % (bytes.Length + 1)).Distinct().Order().ToArray();
        var whole = ReadChunks(bytes, []);
        return whole == ReadChunks(bytes, cuts) && whole.Contains("rest=4", StringComparison.Ordinal) && whole != "bad";
    }).QuickCheckThrowOnFailure();

    [Theory]
    [InlineData("5\nhello\r\n0\r\n\r\n")]
    [InlineData("5\r\nhello\n0\r\n\r\n")]
    [InlineData("5\r\nhelloo\r\n0\r\n\r\n")]
    [InlineData("\r\n")]
    [InlineData("-5\r\nhello\r\n")]
    [InlineData("+5\r\nhello\r\n")]
    [InlineData("0x5\r\nhello\r\n")]
    [InlineData(" 5\r\nhello\r\n")]
    [InlineData("5 \r\nhello\r\n")]
    [InlineData("g\r\n")]
    [InlineData("fffffffffffffffff\r\n")]
    [InlineData("5;a\nb\r\nhello\r\n")]
    [InlineData("5;a\0\r\nhello\r\n")]
    [InlineData("0\r\nX-A: b\n\r\n")]
    [InlineData("0\r\nX A: b\r\n\r\n")]
    [InlineData("0\r\n: b\r\n\r\n")]
    [InlineData("0\r\nX-A: \0\r\n\r\n")]
    public void Chunks_that_could_be_read_in_two_ways_are_refused(string text) => Assert.Equal("bad", ReadChunks(Encoding.Latin1.GetBytes(text), []));

    [Fact]
    public void Chunks_have_limits()
    {
        Assert.Equal("bad", ReadChunks(Encoding.Latin1.GetBytes("5;" + new string('x', 5000)), []));
        Assert.Equal("bad", ReadChunks(Encoding.Latin1.GetBytes("0\r\n" + string.Concat(Enumerable.Repeat("X-A: b\r\n", 3000))), []));
    }
}
