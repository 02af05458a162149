using Gatehouse.Wire.OAuth;
using Xunit;

namespace Gatehouse.Tests.Wire.OAuth;

public sealed class RedirectMatchTests
{
    [Theory]
    [InlineData("https://desk.example/cb", "https://desk.example/cb")]
    [InlineData("http://127.0.0.1/cb", "http://127.0.0.1:53682/cb")]
    [InlineData("http://127.0.0.1/cb?x=1", "http://127.0.0.1:1/cb?x=1")]
    [InlineData("http://[::1]/cb", "http://[::1]:65535/cb")]
    [InlineData("http://localhost/cb", "http://localhost:3000/cb")]
    [InlineData("http://127.0.0.1", "http://127.0.0.1:3000")]
    [InlineData("com.example.app:/cb", "com.example.app:/cb")]
    public void The_same_address_or_a_loopback_port(string registered, string requested) => Assert.True(RedirectMatch.Is(registered, requested));

    [Theory]
    [InlineData("https://desk.example/cb", "https://desk.example/cb/")]
    [InlineData("https://desk.example/cb", "https://desk.example/CB")]
    [InlineData("https://desk.example/cb", "https://DESK.example/cb")]
    [InlineData("https://desk.example/cb", "https://desk.example:443/cb")]
    [InlineData("https://desk.example/cb", "https://desk.example/cb?x")]
    [InlineData("https://desk.example/cb", "https://desk.example/cb#x")]
    [InlineData("https://desk.example/cb", "https://desk.example/x/../cb")]
    [InlineData("https://desk.example/cb", "https://desk.example%2fcb")]
    [InlineData("https://desk.example/cb", "https://desk.example.evil.example/cb")]
    [InlineData("https://desk.example/cb", "https://desk.example@evil.example/cb")]
    [InlineData("https://desk.example", "https://desk.example:8443")]
    [InlineData("http://127.0.0.1/cb", "http://127.0.0.1:/cb")]
    [InlineData("http://127.0.0.1/cb", "http://127.0.0.1:0/cb")]
    [InlineData("http://127.0.0.1/cb", "http://127.0.0.1:080/cb")]
    [InlineData("http://127.0.0.1/cb", "http://127.0.0.1:65536/cb")]
    [InlineData("http://127.0.0.1/cb", "http://127.0.0.1:80@evil.example/cb")]
    [InlineData("http://127.0.0.1/cb", "http://127.0.0.1:80/cb/")]
    [InlineData("http://127.0.0.1/cb", "http://127.0.0.1:80/cb#x")]
    [InlineData("http://127.0.0.1/cb", "https://127.0.0.1:80/cb")]
    [InlineData("http://127.0.0.1/cb", "http://localhost:80/cb")]
    [InlineData("http://127.0.0.1:8080/cb", "http://127.0.0.1:8081/cb")]
    [InlineData("http://127.0.0.1.evil.example/cb", "http://127.0.0.1:80.evil.example/cb")]
    [InlineData("http://localhost.evil.example/cb", "http://localhost:80/cb")]
    [InlineData("https://*.example/cb", "https://a.example/cb")]
    public void Nothing_else(string registered, string requested) => Assert.False(RedirectMatch.Is(registered, requested));
}
