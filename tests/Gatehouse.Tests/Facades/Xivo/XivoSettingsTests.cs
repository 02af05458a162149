using System.Net;
using Gatehouse.Tests.Kits;
using Xunit;

namespace Gatehouse.Tests.Facades.Xivo;

/// <summary>Off unless a realm is named; what cannot be keeps the program from starting; what is missing is told.</summary>
public sealed class XivoSettingsTests
{
    [Fact]
    public async Task Without_a_realm_it_is_not_there()
    {
        await using var desk = await Desk.OpenAsync();
        using var answer = await desk.Http.GetAsync(XivoSite.Auth + "/check");
        Assert.Equal("route.unknown", await GateDesk.CodeOfAsync(answer));
    }

    [Theory]
    [InlineData(""" "prefix": "xuc" """, "facades:xivo:prefix")]
    [InlineData(""" "prefix": "/xuc/" """, "facades:xivo:prefix")]
    [InlineData(""" "prefix": "/realms" """, "facades:xivo:prefix")]
    [InlineData(""" "prefix": "/x%75c" """, "facades:xivo:prefix")]
    [InlineData(""" "ctiExpires": "00:00:10" """, "facades:xivo:ctiExpires")]
    [InlineData(""" "webserviceExpires": "2.00:00:00" """, "facades:xivo:webserviceExpires")]
    [InlineData(""" "origins": ["https://desk.example.org/"] """, "facades:xivo:origins")]
    [InlineData(""" "origins": ["*"] """, "facades:xivo:origins")]
    public async Task Settings_that_cannot_be_are_told_at_the_start(string wrong, string key)
    {
        var refused = await Assert.ThrowsAnyAsync<Exception>(async () => await Desk.OpenAsync(with: XivoSite.On(", " + wrong)));
        Assert.Contains(key, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_missing_is_named_in_the_answer()
    {
        await using var desk = await Desk.OpenAsync(with: XivoSite.On(""", "client": "other" """));
        async Task<string> ToldAsync()
        {
            using var content = new StringContent("""{"login":"a","password":"b"}""", System.Text.Encoding.UTF8, "application/json");
            using var answer = await desk.Http.PostAsync(XivoSite.Auth + "/login", content);
            var reply = await XivoSite.Reply.OfAsync(answer);
            Assert.Equal((HttpStatusCode.InternalServerError, "UnhandledError"), (reply.Status, reply.Error));
            return reply.Message;
        }

        Assert.Contains("no realm 'outpost'", await ToldAsync(), StringComparison.Ordinal);
        var site = await XivoSite.MakeAsync(desk);
        Assert.Contains("no client 'other'", await ToldAsync(), StringComparison.Ordinal);
        await site.AddClientAsync("other", one => one with { Exchanges = false });
        Assert.Contains("allow it token exchange", await ToldAsync(), StringComparison.Ordinal);
    }
}
