using System.Text;
using Dapper;
using Gatehouse.SignIn.OneTime;
using Gatehouse.Storage;
using Gatehouse.Tests.Kits;
using Microsoft.Extensions.Options;
using Xunit;

namespace Gatehouse.Tests.SignIn.OneTime;

/// <summary>Second factors at rest: what counts once, what is bounded, and what nobody reads.</summary>
public abstract class OneTimeStoreTests : StoreKit
{
    private const string User = "5f1a0000-0000-0000-0000-000000000001";
    private const string Phone = "+491701234567";
    private const string Network = "C0A801";
    private readonly SetClock clock = new();

    [Fact]
    public async Task An_apps_step_counts_once_and_none_before_it_after()
    {
        var store = Store();
        var secret = Encoding.ASCII.GetBytes("12345678901234567890");
        Assert.Equal(OneTimeFault.None, await store.TryAsync(Realm, User, "000000", Stop));
        Assert.True(await store.PutAsync(Realm, User, Channel.App, secret, Stop));
        var step = Totp.StepAt(clock.GetUtcNow());
        Assert.Equal(OneTimeFault.Wrong, await store.TryAsync(Realm, User, Totp.CodeOf(secret, step + 5), Stop));
        Assert.Null(await store.TryAsync(Realm, User, Totp.CodeOf(secret, step), Stop));
        Assert.Equal(OneTimeFault.Wrong, await store.TryAsync(Realm, User, Totp.CodeOf(secret, step), Stop));
        Assert.Equal(OneTimeFault.Wrong, await store.TryAsync(Realm, User, Totp.CodeOf(secret, step - 1), Stop));
        Assert.Null(await store.TryAsync(Realm, User, Totp.CodeOf(secret, step + 1), Stop));
        Assert.True((await store.FindAsync(Realm, User, Stop))!.Confirmed);
    }

    [Fact]
    public async Task Of_many_at_once_one_alone_is_right()
    {
        var (store, secret) = (Store(new OneTimeSettings { Tries = 10 }), Encoding.ASCII.GetBytes("12345678901234567890"));
        await store.PutAsync(Realm, User, Channel.App, secret, Stop);
        var code = Totp.CodeOf(secret, Totp.StepAt(clock.GetUtcNow()));
        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => store.TryAsync(Realm, User, code, Stop)));
        Assert.Single(answers, one => one is null);
    }

    [Fact]
    public async Task A_confirmed_factor_is_not_replaced_until_it_is_forgotten()
    {
        var store = Store();
        Assert.True(await store.PutAsync(Realm, User, Channel.Sms, Encoding.UTF8.GetBytes(Phone), Stop));
        Assert.True(await store.PutAsync(Realm, User, Channel.Sms, Encoding.UTF8.GetBytes("+4915112345678"), Stop));
        await store.IssueAsync(Realm, User, "+4915112345678", Network, "123456", Stop);
        Assert.Null(await store.TryAsync(Realm, User, "123456", Stop));
        Assert.False(await store.PutAsync(Realm, User, Channel.Sms, Encoding.UTF8.GetBytes(Phone), Stop));
        Assert.False(await store.PutAsync(Realm, User, Channel.App, new byte[20], Stop));
        Assert.Equal("+4915112345678", (await store.FindAsync(Realm, User, Stop))!.Phone);
        Assert.True(await WriteAsync(work => store.ForgetAsync(work, Realm, User)));
        Assert.True(await store.PutAsync(Realm, User, Channel.Sms, Encoding.UTF8.GetBytes(Phone), Stop));
        await WriteAsync(async work =>
        {
            await store.RemoveAllAsync(work, Realm);
            return true;
        });
        Assert.Null(await store.FindAsync(Realm, User, Stop));
    }

    [Fact]
    public async Task A_code_counts_once_for_a_while_and_the_next_voids_it()
    {
        var store = Store(new OneTimeSettings { Cooldown = TimeSpan.Zero });
        await store.PutAsync(Realm, User, Channel.Sms, Encoding.UTF8.GetBytes(Phone), Stop);
        await store.IssueAsync(Realm, User, Phone, Network, "111111", Stop);
        await store.IssueAsync(Realm, User, Phone, Network, "222222", Stop);
        Assert.Equal(OneTimeFault.Wrong, await store.TryAsync(Realm, User, "111111", Stop));
        Assert.Null(await store.TryAsync(Realm, User, "222222", Stop));
        Assert.Equal(OneTimeFault.Wrong, await store.TryAsync(Realm, User, "222222", Stop));
        await store.IssueAsync(Realm, User, Phone, Network, "333333", Stop);
        clock.Advance(TimeSpan.FromMinutes(2));
        Assert.Equal(OneTimeFault.Wrong, await store.TryAsync(Realm, User, "333333", Stop));
    }

    [Fact]
    public async Task A_code_that_was_sent_to_another_phone_confirms_none()
    {
        var store = Store();
        await store.PutAsync(Realm, User, Channel.Sms, Encoding.UTF8.GetBytes(Phone), Stop);
        await store.IssueAsync(Realm, User, Phone, Network, "111111", Stop);
        await store.PutAsync(Realm, User, Channel.Sms, Encoding.UTF8.GetBytes("+4915112345678"), Stop);
        Assert.Equal(OneTimeFault.Wrong, await store.TryAsync(Realm, User, "111111", Stop));
    }

    [Fact]
    public async Task Five_wrong_codes_void_the_code_and_make_the_guesser_wait()
    {
        var store = Store();
        await store.PutAsync(Realm, User, Channel.Sms, Encoding.UTF8.GetBytes(Phone), Stop);
        await store.IssueAsync(Realm, User, Phone, Network, "111111", Stop);
        for (var i = 0; i < 5; i++) Assert.Equal(OneTimeFault.Wrong, await store.TryAsync(Realm, User, "00000" + i, Stop));
        Assert.Equal(OneTimeFault.Wait, await store.TryAsync(Realm, User, "111111", Stop));

        // A new code, or another phone, frees nobody.
        clock.Advance(TimeSpan.FromMinutes(1));
        await store.PutAsync(Realm, User, Channel.Sms, Encoding.UTF8.GetBytes(Phone), Stop);
        await store.IssueAsync(Realm, User, Phone, Network, "222222", Stop);
        Assert.Equal(OneTimeFault.Wait, await store.TryAsync(Realm, User, "222222", Stop));
        clock.Advance(TimeSpan.FromMinutes(15));
        await store.IssueAsync(Realm, User, Phone, Network, "333333", Stop);
        Assert.Null(await store.TryAsync(Realm, User, "333333", Stop));
    }

    [Fact]
    public async Task Whoever_guesses_on_waits_longer_until_a_right_code_comes()
    {
        var (store, secret) = (Store(), Encoding.ASCII.GetBytes("12345678901234567890"));
        await store.PutAsync(Realm, User, Channel.App, secret, Stop);
        foreach (var minutes in (int[])[15, 15, 60, 240, 240])
        {
            for (var i = 0; i < 5; i++) Assert.Equal(OneTimeFault.Wrong, await store.TryAsync(Realm, User, "none", Stop));
            clock.Advance(TimeSpan.FromMinutes(minutes));
            Assert.Equal(OneTimeFault.Wait, await store.TryAsync(Realm, User, Totp.CodeOf(secret, Totp.StepAt(clock.GetUtcNow())), Stop));
            clock.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.Null(await store.TryAsync(Realm, User, Totp.CodeOf(secret, Totp.StepAt(clock.GetUtcNow())), Stop));
        for (var i = 0; i < 5; i++) Assert.Equal(OneTimeFault.Wrong, await store.TryAsync(Realm, User, "none", Stop));
        clock.Advance(TimeSpan.FromMinutes(16));
        Assert.Null(await store.TryAsync(Realm, User, Totp.CodeOf(secret, Totp.StepAt(clock.GetUtcNow())), Stop));
    }

    [Fact]
    public async Task Messages_are_bounded_for_user_phone_and_network()
    {
        var store = Store(new OneTimeSettings { Cooldown = TimeSpan.FromSeconds(30), PerHour = 3, PerHourOfNetwork = 5 });
        Assert.Null(await store.IssueAsync(Realm, User, Phone, Network, "1", Stop));
        Assert.Equal(TimeSpan.FromSeconds(30), await store.IssueAsync(Realm, User, Phone, Network, "1", Stop));
        foreach (var _ in (int[])[1, 2])
        {
            clock.Advance(TimeSpan.FromSeconds(30));
            Assert.Null(await store.IssueAsync(Realm, User, Phone, Network, "1", Stop));
        }

        clock.Advance(TimeSpan.FromSeconds(30));
        Assert.Equal(TimeSpan.FromMinutes(60) - TimeSpan.FromSeconds(90), await store.IssueAsync(Realm, User, Phone, Network, "1", Stop));

        // The phone's own cap: another user, the same number. Then the network's.
        Assert.NotNull(await store.IssueAsync(Realm, "other", Phone, Network, "1", Stop));
        Assert.Null(await store.IssueAsync(Realm, "other", "+4915112345678", Network, "1", Stop));
        Assert.Null(await store.IssueAsync(Realm, "third", "+4915112345679", Network, "1", Stop));
        Assert.NotNull(await store.IssueAsync(Realm, "fourth", "+4915112345670", Network, "1", Stop));
        Assert.Null(await store.IssueAsync(Realm, "fourth", "+4915112345670", "other", "1", Stop));
        clock.Advance(TimeSpan.FromHours(1));
        Assert.Null(await store.IssueAsync(Realm, User, Phone, Network, "1", Stop));
    }

    [Fact]
    public async Task Who_is_half_way_in_is_known_for_minutes_and_from_that_network()
    {
        var store = Store();
        await store.PutAsync(Realm, User, Channel.Sms, Encoding.UTF8.GetBytes(Phone), Stop);
        Assert.Null(await store.PendingOfPhoneAsync(Realm, Phone, Network, Stop));
        await store.NotePendingAsync(Realm, User, Network, Stop);
        await store.NotePendingAsync(Realm, User, Network, Stop);
        Assert.True(await store.IsPendingAsync(Realm, User, Network, Stop));
        Assert.False(await store.IsPendingAsync(Realm, User, "other", Stop));
        Assert.Equal(User, await store.PendingOfPhoneAsync(Realm, Phone, Network, Stop));

        // Two with one number: a message would go to whom nobody named.
        await store.PutAsync(Realm, "other", Channel.Sms, Encoding.UTF8.GetBytes(Phone), Stop);
        await store.NotePendingAsync(Realm, "other", Network, Stop);
        Assert.Null(await store.PendingOfPhoneAsync(Realm, Phone, Network, Stop));
        await store.DonePendingAsync(Realm, "other", Stop);
        clock.Advance(TimeSpan.FromMinutes(5));
        Assert.False(await store.IsPendingAsync(Realm, User, Network, Stop));
        clock.Advance(TimeSpan.FromHours(2));
        await store.IssueAsync(Realm, User, Phone, Network, "1", Stop);
        clock.Advance(TimeSpan.FromHours(2));
        Assert.True(await store.PruneAsync(Stop) >= 4);
    }

    [Fact]
    public async Task Nothing_at_rest_is_a_secret_a_number_or_a_code()
    {
        var store = Store();
        await store.PutAsync(Realm, User, Channel.Sms, Encoding.UTF8.GetBytes(Phone), Stop);
        await store.IssueAsync(Realm, User, Phone, Network, "471147", Stop);
        var text = string.Join('\n', await Node.Database.ReadAsync(async connection => (string[])[
            .. await connection.QueryAsync<string>("select secret || ' ' || phone_hash from one_time_factors"), .. await connection.QueryAsync<string>("select hash from one_time_codes"), .. await connection.QueryAsync<string>("select subject from one_time_sends"),
        ], Stop));
        foreach (var secret in (string[])["471147", Phone, Phone[1..], Convert.ToBase64String(Encoding.UTF8.GetBytes(Phone))]) Assert.DoesNotContain(secret, text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_factor_that_was_moved_to_another_person_is_not_opened()
    {
        var store = Store();
        await store.PutAsync(Realm, User, Channel.App, new byte[20], Stop);
        await WriteAsync(work => work.Connection.ExecuteAsync("update one_time_factors set user_id = 'other'", transaction: work.Transaction));
        await Assert.ThrowsAsync<InvalidOperationException>(() => store.FindAsync(Realm, "other", Stop));
    }

    [Fact]
    public void A_ticket_is_its_realms_and_lasts_minutes()
    {
        var tickets = new InterimTickets(Node.Sealer, clock, Options.Create(new OneTimeSettings()));
        var ticket = tickets.Make(Realm, User);
        Assert.Equal(User, tickets.Open(Realm, ticket));
        Assert.Null(tickets.Open("other", ticket));
        foreach (var wrong in (string[])["", "x", ticket[..^1], ticket + "A", "B" + ticket[1..], "…", new string('A', 5000)]) Assert.Null(tickets.Open(Realm, wrong));
        clock.Advance(TimeSpan.FromMinutes(5));
        Assert.Null(tickets.Open(Realm, ticket));
    }

    private OneTimeStore Store(OneTimeSettings? settings = null) => new(Node.Database, Node.Sealer, clock, Options.Create(settings ?? new OneTimeSettings()));
}

public sealed class SqliteOneTimeStoreTests : OneTimeStoreTests
{
    protected override Task<StorageSettings> NewDatabaseAsync() => Task.FromResult(Sqlite());
}

public sealed class PostgresOneTimeStoreTests : OneTimeStoreTests
{
    protected override Task<StorageSettings> NewDatabaseAsync() => PostgresAsync();
}
