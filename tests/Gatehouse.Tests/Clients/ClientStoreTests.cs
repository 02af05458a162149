using Dapper;
using Gatehouse.Clients;
using Gatehouse.Storage;
using Gatehouse.Terms;
using Gatehouse.Tests.Kits;
using Xunit;

namespace Gatehouse.Tests.Clients;

public sealed class SqliteClientStoreTests : ClientStoreTests
{
    protected override Task<StorageSettings> NewDatabaseAsync() => Task.FromResult(Sqlite());
}

public sealed class PostgresClientStoreTests : ClientStoreTests
{
    protected override Task<StorageSettings> NewDatabaseAsync() => PostgresAsync();
}

public abstract class ClientStoreTests : StoreKit
{
    [Fact]
    public async Task All_members_come_back()
    {
        var client = NewClient("agent-desk") with
        {
            Name = "Desk", Enabled = false, Public = true, StandardFlow = false, ServiceAccount = true, RedirectUris = ["https://desk.example/cb"], WebOrigins = ["https://desk.example"], Audiences = ["crm"],
            FullScope = false, RoleScope = ["agent"], SigningAlgorithm = "PS256", AccessTokenLife = TimeSpan.FromSeconds(90), RequirePushed = true, CreatedAt = DateTimeOffset.FromUnixTimeMilliseconds(1_700_000_000_000),
        };
        Assert.True(await AddAsync(client));
        var found = (await Node.Clients.FindByClientIdAsync(Realm, "agent-desk", Stop))!;
        Assert.Equivalent(client, found, strict: true);
        Assert.Equivalent(client, await Node.Clients.FindAsync(Realm, client.Id, Stop), strict: true);
        Assert.Null(await Node.Clients.FindByClientIdAsync("elsewhere", "agent-desk", Stop));
    }

    [Fact]
    public async Task Two_secrets_are_valid_while_one_is_rolled_over_and_no_longer()
    {
        var clock = new SetClock();
        var node = await SecondNodeAsync(clock);
        var client = NewClient("crm-sync");
        await node.Database.WriteAsync(work => node.Clients.AddAsync(work, client), Stop);
        var first = await NewAsync(null);
        var second = await NewAsync(clock.GetUtcNow() + TimeSpan.FromHours(1));
        Assert.True(await CheckAsync(first) && await CheckAsync(second));
        var third = await NewAsync(clock.GetUtcNow() + TimeSpan.FromHours(1));
        Assert.False(await CheckAsync(first));
        Assert.True(await CheckAsync(second) && await CheckAsync(third));
        clock.Advance(TimeSpan.FromHours(1));
        Assert.False(await CheckAsync(second));
        Assert.True(await CheckAsync(third));
        var fourth = await NewAsync(null);
        Assert.False(await CheckAsync(third));
        Assert.True(await CheckAsync(fourth));

        Task<Secret> NewAsync(DateTimeOffset? keep) => node.Database.WriteAsync(work => node.Clients.NewSecretAsync(work, Realm, client.Id, keep), Stop);
        ValueTask<bool> CheckAsync(Secret secret) => node.Clients.CheckSecretAsync(client, secret, Stop);
    }

    [Fact]
    public async Task A_secret_is_kept_as_a_keyed_hash_and_nothing_else()
    {
        var client = NewClient("crm-sync");
        await AddAsync(client);
        var secret = new Secret("a-secret-of-16-or-more");
        await WriteAsync(work => Node.Clients.SetSecretAsync(work, Realm, client.Id, secret));
        Assert.True(await Node.Clients.CheckSecretAsync(client, secret, Stop));
        foreach (var wrong in (string[])["", "a-secret-of-16-or-mor", "a-secret-of-16-or-more ", "A-secret-of-16-or-more", "\ud800", "a\0"])
            Assert.False(await Node.Clients.CheckSecretAsync(client, new Secret(wrong), Stop));
        var hash = await Node.Database.ReadAsync(connection => connection.ExecuteScalarAsync<byte[]>("select hash from client_secrets"), Stop);
        Assert.Equal(32, hash!.Length);
        Assert.NotEqual(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(secret.Reveal())), hash);
    }

    [Fact]
    public async Task A_short_secret_and_a_secret_for_nobody_are_refused()
    {
        var client = NewClient("crm-sync");
        await AddAsync(client);
        await Assert.ThrowsAsync<ArgumentException>(() => WriteAsync(work => Node.Clients.SetSecretAsync(work, Realm, client.Id, new Secret("short"))));
        await Assert.ThrowsAsync<ArgumentException>(() => WriteAsync(work => Node.Clients.NewSecretAsync(work, Realm, "no-such-id", null)));
        Assert.False(await Node.Clients.CheckSecretAsync(client, new Secret("short"), Stop));
    }

    [Fact]
    public async Task What_is_remembered_follows_every_change_on_every_node()
    {
        var other = await SecondNodeAsync();
        var client = NewClient("agent-desk");
        await AddAsync(client);
        var secret = await WriteAsync(work => Node.Clients.NewSecretAsync(work, Realm, client.Id, null));
        Assert.True(await other.Clients.CheckSecretAsync(client, secret, Stop));
        Assert.True((await Node.Clients.FindByClientIdAsync(Realm, "agent-desk", Stop))!.Enabled);

        Assert.True(await WriteAsync(work => Node.Clients.ChangeAsync(work, client with { Enabled = false })));
        Assert.False((await Node.Clients.FindByClientIdAsync(Realm, "agent-desk", Stop))!.Enabled);
        await UntilAsync(async () => !(await other.Clients.FindByClientIdAsync(Realm, "agent-desk", Stop))!.Enabled);

        Assert.True(await WriteAsync(work => Node.Clients.ChangeAsync(work, client with { ClientId = "desk" })));
        Assert.Null(await Node.Clients.FindByClientIdAsync(Realm, "agent-desk", Stop));
        Assert.NotNull(await Node.Clients.FindByClientIdAsync(Realm, "desk", Stop));

        Assert.True(await WriteAsync(work => Node.Clients.RemoveAsync(work, Realm, client.Id)));
        Assert.Null(await Node.Clients.FindByClientIdAsync(Realm, "desk", Stop));
        await UntilAsync(async () => !await other.Clients.CheckSecretAsync(client, secret, Stop));
    }

    [Fact]
    public async Task What_changes_while_it_is_read_is_never_remembered_in_its_old_form()
    {
        var client = NewClient("agent-desk");
        await AddAsync(client);
        for (var i = 0; i < 60; i++)
        {
            var name = $"name {i}";
            var reads = Enumerable.Range(0, 4).Select(_ => Task.Run(() => Node.Clients.FindByClientIdAsync(Realm, "agent-desk", Stop).AsTask())).ToList();
            await WriteAsync(work => Node.Clients.ChangeAsync(work, client with { Name = name }));
            await Task.WhenAll(reads);
            Assert.Equal(name, (await Node.Clients.FindByClientIdAsync(Realm, "agent-desk", Stop))!.Name);
        }
    }

    [Fact]
    public async Task Of_many_adds_or_renames_to_one_id_one_wins()
    {
        var added = await Task.WhenAll(Enumerable.Range(0, 12).Select(_ => AddAsync(NewClient("desk"))));
        Assert.Equal(1, added.Count(one => one));
        var some = Enumerable.Range(0, 8).Select(i => NewClient($"c{i}")).ToList();
        foreach (var one in some) await AddAsync(one);
        var changed = await Task.WhenAll(some.Select(one => WriteAsync(work => Node.Clients.ChangeAsync(work, one with { ClientId = "taken" }))));
        Assert.Equal(1, changed.Count(one => one));
    }

    [Theory]
    [InlineData("")]
    [InlineData("a b")]
    [InlineData("a\0")]
    [InlineData("dèsk")]
    public async Task An_id_outside_visible_ascii_is_refused(string clientId)
    {
        await Assert.ThrowsAsync<ArgumentException>(() => AddAsync(NewClient(clientId)));
        Assert.Null(await Node.Clients.FindByClientIdAsync(Realm, clientId, Stop));
    }

    [Theory]
    [InlineData("https://*.example/cb")]
    [InlineData("https://desk.example/cb#x")]
    [InlineData("http://desk.example/cb")]
    [InlineData("javascript:alert(1)")]
    [InlineData("/cb")]
    [InlineData("https://desk.example@evil.example/")]
    [InlineData("https://desk.example\\@evil.example/")]
    public async Task A_redirect_address_that_is_a_trap_is_refused(string uri)
        => Assert.Contains(uri, (await Assert.ThrowsAsync<ArgumentException>(() => AddAsync(NewClient("desk") with { RedirectUris = [uri] }))).Message, StringComparison.Ordinal);

    [Fact]
    public async Task Pages_are_in_order_and_search_takes_text_as_it_stands()
    {
        foreach (var id in (string[])["b_1", "B%1", "a1", "c1"]) await AddAsync(NewClient(id));
        Assert.Equal(["b_1"], (await Node.Clients.ListAsync(Realm, "_", null, 10, Stop)).Items.Select(one => one.ClientId));
        var first = await Node.Clients.ListAsync(Realm, null, null, 2, Stop);
        var second = await Node.Clients.ListAsync(Realm, null, first.Next, 2, Stop);
        Assert.Equal(["B%1", "a1", "b_1", "c1"], first.Items.Concat(second.Items).Select(one => one.ClientId));
        Assert.Null(second.Next);
    }

    private Task<bool> AddAsync(Client client) => WriteAsync(work => Node.Clients.AddAsync(work, client));
}
