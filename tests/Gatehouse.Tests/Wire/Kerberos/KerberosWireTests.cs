using FsCheck;
using FsCheck.Fluent;
using Gatehouse.Wire.Kerberos;
using Xunit;

namespace Gatehouse.Tests.Wire.Kerberos;

/// <summary>Keytabs and tokens of MIT Kerberos, as its tools wrote them for a realm that is gone; and nothing that a file or a client holds breaks the readers.</summary>
public sealed class KerberosWireTests
{
    // ktadd of two keys; curl --negotiate with a ticket for HTTP/localhost.
    private const string File = "0502000000520002000c534954452e4558414d504c4500044854545000096c6f63616c686f7374000000016b013963020012002052a5db0290dba49077c9e93658bfa922ea70744638c7eb31dc937e1f512244160000000200000042"
        + "0002000c534954452e4558414d504c4500044854545000096c6f63616c686f7374000000016b0139630200110010d4347b23f25dc71decf1d793b33404f500000002";

    private const string Token = "YIIC4wYGKwYBBQUCoIIC1zCCAtOgDTALBgkqhkiG9xIBAgKiggLABIICvGCCArgGCSqGSIb3EgECAgEAboICpzCCAqOgAwIBBaEDAgEOogcDBQAgAAAAo4IBu2GCAbcwggGzoAMCAQWhDhsMU0lURS5FWEFNUExF"
        + "ohwwGqADAgEBoRMwERsESFRUUBsJbG9jYWxob3N0o4IBfDCCAXigAwIBEqEDAgECooIBagSCAWZsevyrbsDQO7ukQ6bhKZWdwH5NhHWR6nTFUIraVnkInRaX9g2YGFobWzvPcnDN8txCQ4V5qVD4K8dSjT7PhKYf"
        + "i+PX76wdqFANzx7EavfNzYbl/t1LFu5fxsVLGiJ8d/nG2FTvgocw1ZSCi9aBHAwVf+2UAHyyDaK3wOB04ijPiKvCjerONqwnJ97Dj+qSHQ+hD9YDGe0kR7PlT04kpwlFE+gjYPkEhxgEgGRAuHhtRvEZ7sK3VWlr"
        + "xnFYz2A3rXtNFhjAOSUbTlfwlZ5goHAGY+oedZOE7v1IiZXxAcm78OvtoVhFobNvgve4l8uvo2AvFXLjDV7F1/YgMPzQLSRzrMRxImI/5/3ZRdvmYMYKtaCe+LvIxkpWNzqY3V/y8O6ep2EW5IHefVpltBaMFIzE"
        + "7dM0Nl48QP2rcR186pQDn+uDox92OT2xguyqh4vr5/cpOZlckWdRindBvKTpC8NBpDQMIsyopIHOMIHLoAMCARKigcMEgcC62oAN0nFYoyFvQJUqfW/MatpREJdzJNfh5TcBo1v/i02EBLpwnlcCXN09BJIzixkQ"
        + "My3hk/f5u4cBJLro7y8tFMkU27VEHNUd90VbDCReCqqtDpsj0iwUaaJkK0HE0JDkUuTJtNp4SoQ1H/QTgm1SvUzDsrQCqt+OuqV5Ee6BgpyBbqAbRkMDLji8otxuUIuDYDcB8vaCh/3a1yOK6CDXK6ntllA7DMx1"
        + "4GTHwEscj8NKJhJA6pzbAzwKQQdKekI=";

    [Fact]
    public void A_keytab_tells_its_keys_and_shows_none()
    {
        Assert.True(Keytab.TryRead(Convert.FromHexString(File), out var keys));
        Assert.Equal([("HTTP/localhost@SITE.EXAMPLE", 2u, "aes256-cts-hmac-sha1-96", "2026-11-21"), ("HTTP/localhost@SITE.EXAMPLE", 2u, "aes128-cts-hmac-sha1-96", "2026-11-21")], keys.Select(key => (key.Principal, key.Version, key.Encryption, $"{key.WrittenAt:yyyy-MM-dd}")));
    }

    [Fact]
    public void A_hole_is_stepped_over_the_longer_version_counts_and_no_time_is_no_time()
    {
        var bytes = Convert.FromHexString(File);

        // The first entry removed: its size is negative then. The second one's version of 32 bits, and a time that ktpass would not write.
        byte[] holed = [.. bytes[..2], .. Convert.FromHexString("ffffffae"), .. bytes[6..^4], 0, 0, 1, 4];
        holed.AsSpan(88 + 4 + 2 + 14 + 6 + 11 + 4, 4).Clear();
        Assert.True(Keytab.TryRead(holed, out var keys));
        var key = Assert.Single(keys);
        Assert.Equal((260u, 17, null), (key.Version, key.EncryptionType, key.WrittenAt));
    }

    [Theory]
    [InlineData("")]
    [InlineData("0501")]
    [InlineData("7f454c46")]
    [InlineData("050200000052")]
    [InlineData("050280000000")]
    [InlineData("05020000000100")]
    public void What_is_no_keytab_is_not_read(string hex) => Assert.False(Keytab.TryRead(Convert.FromHexString(hex), out _));

    [Fact]
    public void A_token_tells_what_stands_in_the_clear()
    {
        Assert.True(NegotiateToken.TryRead(Convert.FromBase64String(Token), out var ticket));
        Assert.Equal((NegotiateKind.Kerberos, "SITE.EXAMPLE", "HTTP/localhost", 18, 2u), (ticket.Kind, ticket.Realm, ticket.Service, ticket.EncryptionType, ticket.KeyVersion!.Value));
        Assert.Equal("1.2.840.113554.1.2.2", ticket.Mechanism);

        // The token inside SPNEGO is the same ticket, and has the same print.
        Assert.True(NegotiateToken.TryRead(ticket.Ticket, out var alone));
        Assert.Equal((ticket.Print, (string?)null), (alone.Print, alone.Mechanism));
    }

    [Fact]
    public void An_answer_is_written_as_the_rfc_says()
        => Assert.Equal("A1143012A0030A0100A10B06092A864886F712010202", Convert.ToHexString(NegotiateWriting.Accepted("1.2.840.113554.1.2.2", [])));

    [Fact]
    public void No_bytes_break_the_readers()
    {
        Prop.ForAll(ArbMap.Default.ArbFor<byte[]>(), bytes =>
        {
            NegotiateToken.TryRead(bytes, out _);
            NegotiateToken.TryRead((byte[])[0x60, .. bytes], out _);
            Keytab.TryRead(bytes, out _);
            Keytab.TryRead([5, 2, 0, 0, 0, .. bytes], out _);
        }).QuickCheckThrowOnFailure();
        var token = Convert.FromBase64String(Token);
        var file = Convert.FromHexString(File);
        for (var length = 0; length < token.Length; length++) Assert.False(NegotiateToken.TryRead(token.AsMemory(0, length), out _));
        for (var length = 0; length < file.Length; length++) Keytab.TryRead(file.AsSpan(0, length), out _);
        var random = new Random(20261121);
        for (var i = 0; i < 20_000; i++)
        {
            var (bent, holed) = (token.ToArray(), file.ToArray());
            for (var changes = random.Next(1, 4); changes > 0; changes--)
            {
                bent[random.Next(bent.Length)] = (byte)random.Next(256);
                holed[random.Next(holed.Length)] = (byte)random.Next(256);
            }

            NegotiateToken.TryRead(bent, out _);
            Keytab.TryRead(holed, out _);
        }
    }
}
