using System.Buffers.Binary;
using System.Text.RegularExpressions;
using Gatehouse.Federation;
using Gatehouse.Terms;
using Gatehouse.Tests.Kits;
using Gatehouse.Wire.Kerberos;
using Xunit;

namespace Gatehouse.Tests.Federation;

/// <summary>Tickets of a real MIT Kerberos, dressed up, worn twice, or for keys that do not fit: what stands in the clear around a ticket is anybody's to write.</summary>
public sealed partial class TicketForgeryTests(TicketForgeryTests.Fixture fixture) : IClassFixture<TicketForgeryTests.Fixture>
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private KdcKit Kdc => fixture.Kdc;

    private Desk Desk => fixture.Desk;

    [Fact]
    public async Task A_ticket_for_a_neighbour_in_the_keytab_is_not_taken_under_our_name()
    {
        await Kdc.ServiceAsync("HTTP/localhosu", Kdc.Keytab);
        var token = Convert.FromBase64String(await TokenAsync("localhosu"));
        token[token.AsSpan().IndexOf("localhosu"u8) + 8] = (byte)'t';
        Assert.IsType<Finding.Refused>(await JudgeAsync(Open(Kdc.Keytab), token));
    }

    [Fact]
    public async Task A_ticket_counts_once_however_it_is_wrapped_and_whichever_provider_sees_it()
    {
        var token = Convert.FromBase64String(await TokenAsync());
        Assert.True(NegotiateToken.TryRead(token, out var read));
        Assert.IsType<Finding.Known>(await JudgeAsync(Open(Kdc.Keytab), token));
        Assert.Equal("replayed", Code(await JudgeAsync(Open(Kdc.Keytab), token)));
        Assert.Equal("replayed", Code(await JudgeAsync(Open(Kdc.Keytab), read.Ticket.ToArray())));
        Assert.Equal("replayed", Code(await JudgeAsync(Open(Kdc.Keytab, one => one with { Realm = "next-door" }), token)));

        // With a second authenticator behind the first, which must not be the one that is remembered.
        Assert.Equal("replayed", Code(await JudgeAsync(Open(Kdc.Keytab), [.. token, 0, 0, 0])));
        Assert.False(NegotiateToken.TryRead(WithTail(read.Ticket.ToArray()), out _));

        // The ticket alone, never wrapped, is as good.
        Assert.True(NegotiateToken.TryRead(Convert.FromBase64String(await TokenAsync()), out var fresh));
        Assert.IsType<Finding.Known>(await JudgeAsync(Open(Kdc.Keytab), fresh.Ticket.ToArray()));
    }

    [Fact]
    public async Task Two_keytabs_serve_side_by_side()
    {
        await Kdc.ServiceAsync("HTTP/second.localhost", Kdc.In("second.keytab"));
        var (first, second) = (Open(Kdc.Keytab), Open(Kdc.In("second.keytab"), one => one with { Config = one.Config.SetItem("service", "HTTP/second.localhost@SITE.EXAMPLE") }));
        List<(IAsksForTickets Judge, byte[] Token, bool Fits)> all = [];
        for (var i = 0; i < 4; i++)
        {
            var (one, other) = (Convert.FromBase64String(await TokenAsync()), Convert.FromBase64String(await TokenAsync("second.localhost")));
            all.AddRange([(second, one, false), (first, other, false), (first, one, true), (second, other, true)]);
        }

        var found = await Task.WhenAll(all.Select(one => JudgeAsync(one.Judge, one.Token)));
        Assert.Equal(all.Select(one => one.Fits), found.Select(one => one is Finding.Known));
        Assert.IsType<Finding.Unavailable>(await JudgeAsync(Open(Kdc.Keytab, one => one with { Config = one.Config.SetItem("service", "HTTP/localhost@OTHER.EXAMPLE") }), Convert.FromBase64String(await TokenAsync())));
    }

    [Fact]
    public async Task Keys_that_do_not_fit_are_told_apart()
    {
        var token = Convert.FromBase64String(await TokenAsync());
        var (other, small) = (Kdc.In("other.keytab"), Kdc.In("small.keytab"));
        await File.WriteAllBytesAsync(other, Bent(await File.ReadAllBytesAsync(Kdc.Keytab)), Stop);
        Assert.Equal("bad_ticket", Code(await JudgeAsync(Open(other), token)));
        var bytes = await File.ReadAllBytesAsync(Kdc.Keytab);
        await File.WriteAllBytesAsync(small, [.. bytes[..2], .. bytes[(6 + BinaryPrimitives.ReadInt32BigEndian(bytes.AsSpan(2)))..]], Stop);
        Assert.Equal("encryption_type", Code(await JudgeAsync(Open(small), token)));

        // None of that used the ticket up.
        Assert.IsType<Finding.Known>(await JudgeAsync(Open(Kdc.Keytab), token));
    }

    [Fact]
    public async Task Cut_and_bent_tickets_are_refused()
    {
        var token = Convert.FromBase64String(await TokenAsync());
        var judge = Open(Kdc.Keytab);
        for (var length = 0; length < token.Length; length += 7) Assert.IsType<Finding.Refused>(await JudgeAsync(judge, token[..length]));
        Assert.True(NegotiateToken.TryRead(token, out var read));
        var head = token.AsSpan().IndexOf(read.Ticket.Span);
        for (var at = head + read.Ticket.Length - 1; at > head + 160; at -= 11)
        {
            var bent = token.ToArray();
            bent[at] ^= 0x10;
            Assert.IsType<Finding.Refused>(await JudgeAsync(judge, bent));
        }

        foreach (var (hostile, code) in ((string, string)[])[("oQcwBaADCgEB", "continued"), ("YBwGBisGAQUFAqASMBCgDjAMBgorBgEEAYI3AgIK", "ntlm"), ("YBsGBisGAQUFAqARMA+gDTALBgkqhkiG9xIBAgI=", "not_kerberos"), (Convert.ToBase64String(new byte[70_000]), "malformed")])
            Assert.Equal(code, Code((await judge.JudgeAsync(new Secret(hostile), Stop)).Finding));
        Assert.IsType<Finding.Known>(await JudgeAsync(judge, token));
    }

    [Fact]
    public async Task A_clock_that_is_wrong_is_told()
    {
        await TokenAsync();
        var said = await Kdc.CurlAtAsync("+20m", WhyPage("localhost"));
        Assert.Equal("clock_skew", Code(await JudgeAsync(Open(Kdc.Keytab), Convert.FromBase64String(Sent().Match(said).Groups[1].Value))));
        Assert.Contains("more than five minutes apart", said, StringComparison.Ordinal);
    }

    private string[] WhyPage(string host) => ["--resolve", $"{host}:{Desk.Url.Port}:127.0.0.1", $"http://{host}:{Desk.Url.Port}/realms/{Outpost.Realm}/sign-in/why-no-ticket"];

    private async Task<string> TokenAsync(string host = "localhost")
    {
        var said = await Kdc.CurlAsync(WhyPage(host));
        return Sent().Match(said) is { Success: true } found ? found.Groups[1].Value : throw new InvalidOperationException(said);
    }

    private IAsksForTickets Open(string keytab, Func<Upstream, Upstream>? more = null)
    {
        var upstream = new Upstream { Id = Guid.NewGuid().ToString(), Realm = Outpost.Realm, Alias = "desk", Kind = "kerberos", Config = System.Collections.Immutable.ImmutableDictionary<string, string>.Empty.Add("keytab", keytab).Add("service", "HTTP/localhost") };
        return (IAsksForTickets)Desk.Part<Upstreams>().Try(more?.Invoke(upstream) ?? upstream);
    }

    private static async Task<Finding> JudgeAsync(IAsksForTickets judge, byte[] token)
    {
        var (finding, answer) = await judge.JudgeAsync(new Secret(Convert.ToBase64String(token)), Stop);
        if (finding is not Finding.Known) Assert.Null(answer);
        return finding;
    }

    private static string Code(Finding finding) => Assert.IsType<Finding.Refused>(finding).Code;

    // Every key's last byte turned.
    private static byte[] Bent(byte[] keytab)
    {
        for (var at = 2; at + 4 < keytab.Length;)
        {
            var size = BinaryPrimitives.ReadInt32BigEndian(keytab.AsSpan(at));
            keytab[at + 4 + size - 5] ^= 0xff;
            at += 4 + size;
        }

        return keytab;
    }

    // The AP-REQ with its authenticator once more behind it, all lengths mended.
    private static byte[] WithTail(byte[] ticket)
    {
        var outer = new System.Formats.Asn1.AsnReader(ticket, System.Formats.Asn1.AsnEncodingRules.BER).ReadEncodedValue();
        System.Formats.Asn1.AsnDecoder.ReadEncodedValue(outer.Span, System.Formats.Asn1.AsnEncodingRules.BER, out var begin, out _, out _);
        var request = new System.Formats.Asn1.AsnReader(ticket.AsMemory(begin + 13), System.Formats.Asn1.AsnEncodingRules.BER).ReadSequence(new System.Formats.Asn1.Asn1Tag(System.Formats.Asn1.TagClass.Application, 14)).ReadSequence();
        var parts = new List<ReadOnlyMemory<byte>>();
        while (request.HasData) parts.Add(request.ReadEncodedValue());
        var writer = new System.Formats.Asn1.AsnWriter(System.Formats.Asn1.AsnEncodingRules.BER);
        using (writer.PushSequence(new System.Formats.Asn1.Asn1Tag(System.Formats.Asn1.TagClass.Application, 14)))
        using (writer.PushSequence())
            foreach (var part in parts.Append(parts[^1])) writer.WriteEncodedValue(part.Span);
        byte[] content = [.. ticket.AsSpan(begin, 13), .. writer.Encode()];
        return [0x60, 0x82, (byte)(content.Length >> 8), (byte)(content.Length & 0xff), .. content];
    }

    [GeneratedRegex("> Authorization: Negotiate ([A-Za-z0-9+/=]+)")]
    private static partial Regex Sent();

    public sealed class Fixture : IAsyncLifetime
    {
        public KdcKit Kdc { get; private set; } = null!;

        public Desk Desk { get; private set; } = null!;

        public async ValueTask InitializeAsync()
        {
            Kdc = await KdcKit.StartAsync();
            Assert.True(await Kdc.SignInAsync("mina", "minas-password"));
            Desk = await Desk.OpenAsync();

            // A provider that asks, so that curl shows its tickets.
            await (await Outpost.MakeAsync(Desk)).AddAsync("asks", "kerberos", new Dictionary<string, string> { ["keytab"] = Kdc.Keytab, ["service"] = "HTTP/localhost" });
        }

        public async ValueTask DisposeAsync()
        {
            if (Desk is not null) await Desk.DisposeAsync();
            if (Kdc is not null) await Kdc.DisposeAsync();
        }
    }
}
