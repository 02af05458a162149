using System.Net.Sockets;
using Gatehouse.House;
using Xunit;

namespace Gatehouse.Tests.House;

public sealed class ListenerTests
{
    [Fact]
    public void A_free_port_is_known_before_serving()
    {
        using var listener = Listener.Bind(new ServeOptions { Port = 0 });
        Assert.Equal("http", listener.Url.Scheme);
        Assert.True(listener.Url.Port > 0);
    }

    [Fact]
    public void A_taken_port_is_told_in_one_line_with_what_to_do()
    {
        using var first = new TcpListener(System.Net.IPAddress.Loopback, 0);
        first.Start();
        var port = ((System.Net.IPEndPoint)first.LocalEndpoint).Port;
        var refused = Assert.Throws<StartRefused>(() => Listener.Bind(new ServeOptions { Port = port }));
        Assert.Contains("--port", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("0.0.0.0")]
    [InlineData("::")]
    [InlineData("192.0.2.1")]
    public void Plain_http_is_for_loopback_only(string address)
    {
        var refused = Assert.Throws<StartRefused>(() => Listener.Bind(new ServeOptions { Address = address, Port = 0 }));
        Assert.Contains("loopback", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_host_name_is_no_address()
        => Assert.Contains("IP address", Assert.Throws<StartRefused>(() => Listener.Bind(new ServeOptions { Address = "localhost" })).Message, StringComparison.Ordinal);

    [Fact]
    public void A_missing_certificate_is_named()
        => Assert.Contains("missing.pem", Assert.Throws<StartRefused>(() => Listener.Bind(new ServeOptions { Certificate = "missing.pem" })).Message, StringComparison.Ordinal);
}
