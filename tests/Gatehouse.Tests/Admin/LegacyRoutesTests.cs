using System.Net;
using Gatehouse.Clients;
using Xunit;

namespace Gatehouse.Tests.Admin;

public sealed class LegacyRoutesOnSqlite(SqliteHost host) : LegacyRoutesTests(host);

public sealed class LegacyRoutesOnPostgres(PostgresHost host) : LegacyRoutesTests(host);

/// <summary>Uses of shared secrets through the admin API.</summary>
public abstract class LegacyRoutesTests(AdminHost host) : AdminKit(host)
{
    [Fact]
    public async Task Uses_come_in_pages_and_a_proposal_says_what_to_do()
    {
        var (secret, uses) = ("s" + Guid.NewGuid().ToString("n")[..8], await Host.PartAsync<LegacyUses>());
        var ledger = new LegacyLedger(uses);
        for (var i = 0; i < 5; i++) ledger.Note(new LegacyUseKey(AdminHost.Realm, secret, i > 0, $"192.0.2.{i}", "recorder/2.1", "recording", "/recording/**", "GET"), DateTimeOffset.UtcNow);
        await ledger.FlushAsync(default);

        var viewer = await WithAsync("view-events");
        var first = (await GetAsync(viewer, $"legacy/uses?secret={secret}&max=3")).AsArray();
        var (_, _, answer) = await SendAsync(viewer, "GET", $"legacy/uses?secret={secret}&max=3");
        Assert.Contains("after=", answer.Headers.GetValues("Link").Single(), StringComparison.Ordinal);
        var second = (await GetAsync(viewer, $"legacy/uses?secret={secret}&max=3&after={(string?)first[2]!["id"]}")).AsArray();
        Assert.Equal((3, 2), (first.Count, second.Count));
        Assert.Equal(5, first.Concat(second).Select(one => (string?)one!["address"]).Distinct().Count());
        Assert.Single(first.Concat(second), one => (string?)one!["value"] == "previous");

        var proposal = (await GetAsync(viewer, $"legacy/proposal?secret={secret}&days=7"))[0]!;
        Assert.Equal(5, proposal["clients"]!.AsArray().Count);
        Assert.False((bool)proposal["weaned"]!);
        Assert.Contains($"clients add {secret}-recorder-192-0-2-", (string?)proposal["clients"]![0]!["command"], StringComparison.Ordinal);
        Assert.True((bool)(await GetAsync(viewer, "legacy/proposal?secret=never-used"))[0]!["weaned"]!);
    }

    [Theory]
    [InlineData("legacy/uses?after=x")]
    [InlineData("legacy/uses?secret=A%20B")]
    [InlineData("legacy/uses?sekret=a")]
    [InlineData("legacy/proposal?days=0")]
    [InlineData("legacy/proposal?days=x")]
    public async Task What_is_asked_wrongly_is_refused(string path) => await ExpectAsync(await AdminAsync(), HttpStatusCode.BadRequest, "GET", path);

    [Fact]
    public async Task It_takes_the_right_to_view_events()
    {
        foreach (var path in (string[])["legacy/uses", "legacy/proposal"]) await ExpectAsync(await WithAsync("view-users"), HttpStatusCode.Forbidden, "GET", path);
    }
}
