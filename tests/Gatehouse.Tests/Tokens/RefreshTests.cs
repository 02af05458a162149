using Gatehouse.Audit;
using Gatehouse.Storage;
using Gatehouse.Tests.Kits;
using Xunit;

namespace Gatehouse.Tests.Tokens;

public sealed class SqliteRefreshTests : RefreshTests
{
    protected override Task<StorageSettings> NewDatabaseAsync() => Task.FromResult(Sqlite());
}

public sealed class PostgresRefreshTests : RefreshTests
{
    protected override Task<StorageSettings> NewDatabaseAsync() => PostgresAsync();
}

public abstract class RefreshTests : StoreKit
{
    private readonly SetClock clock = new();

    private async Task<Mint> MintAsync() => new(await SecondNodeAsync(clock), clock);

    [Fact]
    public async Task Fifty_refreshes_over_two_nodes_get_one_answer_and_a_later_replay_ends_the_family_on_both()
    {
        using var one = await MintAsync();
        using var two = await MintAsync();
        var first = await one.BeginAsync();
        var answers = await Task.WhenAll(Enumerable.Range(0, 50).Select(i => Task.Run(() => (i % 2 == 0 ? one : two).RefreshAsync(first.RefreshToken!), Stop)));
        Assert.All(answers, answer => Assert.Null(answer.Error));
        var second = Assert.Single(answers.Select(answer => answer.Tokens!).Distinct());
        Assert.NotEqual(first.RefreshToken, second.RefreshToken);
        Assert.Equal(2, await one.CountAsync("refresh_tokens"));
        Assert.Equal(1, await one.CountAsync("refresh_families"));

        clock.Advance(TimeSpan.FromSeconds(9));
        Assert.Equal(second, (await two.RefreshAsync(first.RefreshToken!)).Tokens);
        var third = (await two.RefreshAsync(second.RefreshToken!)).Tokens!;
        foreach (var mint in (Mint[])[one, two]) Assert.Null(mint.Verify.Check(third.AccessToken, null, out _));

        clock.Advance(TimeSpan.FromSeconds(60));
        var (stolen, error) = await one.RefreshAsync(first.RefreshToken!);
        Assert.Null(stolen);
        Assert.Equal("invalid_grant", error!.Code);
        Assert.Contains("used before", error.Description, StringComparison.Ordinal);
        Assert.Contains("used again", (await two.RefreshAsync(third.RefreshToken!)).Error!.Description, StringComparison.Ordinal);
        // Every access token of the family is dead, not only the newest.
        foreach (var mint in (Mint[])[one, two])
            foreach (var token in (string[])[first.AccessToken, second.AccessToken, third.AccessToken])
                await UntilAsync(() => mint.Verify.Check(token, null, out _)?.Code == "token.revoked");
        var told = Assert.Single((await one.Node.Audit.ListAsync(new AuditQuery(Realm, "REFRESH_TOKEN_ERROR"), Stop)).Events);
        Assert.Equal("refresh_token_replayed", told.Event.Error);
        Assert.Equal("192.0.2.1", told.Event.Address);
        Assert.Contains("stole", told.Event.Details!["reason"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_family_is_renewed_at_the_door_that_began_it_and_a_try_elsewhere_ends_nothing()
    {
        using var one = await MintAsync();
        using var two = await MintAsync();
        var first = await one.BeginAtAsync("desktop");
        foreach (var door in (string?[])[null, "ids", "DESKTOP", ""]) Assert.Contains("another endpoint", (await two.RefreshAsync(first.RefreshToken!, door: door)).Error!.Description, StringComparison.Ordinal);
        var second = (await two.RefreshAsync(first.RefreshToken!, door: "desktop")).Tokens!;
        Assert.Null(one.Verify.Check(second.AccessToken, null, out var principal));
        Assert.Equal("desktop", principal!.Door);

        // Used, at the wrong door: neither its answer, nor the family's end.
        clock.Advance(TimeSpan.FromSeconds(60));
        Assert.Contains("another endpoint", (await one.RefreshAsync(first.RefreshToken!)).Error!.Description, StringComparison.Ordinal);
        Assert.NotNull((await one.RefreshAsync(second.RefreshToken!, door: "desktop")).Tokens);
    }

    [Fact]
    public async Task A_disabled_user_gets_nothing_more_here_at_once_and_elsewhere_when_it_is_heard()
    {
        using var one = await MintAsync();
        using var two = await MintAsync();
        var first = await one.BeginAsync();
        // Both nodes know the user by now.
        var second = (await two.RefreshAsync(first.RefreshToken!)).Tokens!;
        var third = (await one.RefreshAsync(second.RefreshToken!)).Tokens!;
        var user = (await one.Node.Users.FindByNameAsync(Realm, "alice", Stop))!;
        await one.Node.Database.WriteAsync(work => one.Node.Users.ChangeAsync(work, user with { Enabled = false }), Stop);
        Assert.Contains("disabled", (await one.RefreshAsync(third.RefreshToken!)).Error!.Description, StringComparison.Ordinal);
        await two.Node.Database.Feed.CatchUpAsync(Stop);
        Assert.Contains("disabled", (await two.RefreshAsync(third.RefreshToken!)).Error!.Description, StringComparison.Ordinal);

        await two.Node.Database.WriteAsync(work => two.Node.Users.ChangeAsync(work, user), Stop);
        Assert.NotNull((await two.RefreshAsync(third.RefreshToken!)).Tokens);
    }

    [Fact]
    public async Task An_answer_is_forgotten_after_the_grace_and_a_replay_still_known()
    {
        using var mint = await MintAsync();
        var first = await mint.BeginAsync();
        var second = (await mint.RefreshAsync(first.RefreshToken!)).Tokens!;
        Assert.Equal(1, await mint.CountAsync("refresh_answers"));
        clock.Advance(TimeSpan.FromMinutes(3));
        await mint.RefreshTokens.PruneAsync(Stop);
        Assert.Equal(0, await mint.CountAsync("refresh_answers"));
        Assert.Equal(2, await mint.CountAsync("refresh_tokens"));
        Assert.Contains("used before", (await mint.RefreshAsync(first.RefreshToken!)).Error!.Description, StringComparison.Ordinal);
        Assert.NotNull((await mint.RefreshAsync(second.RefreshToken!)).Error);
    }

    [Fact]
    public async Task A_replayed_code_ends_what_came_of_it_and_what_is_just_being_made()
    {
        using var mint = await MintAsync();
        var session = await mint.SignInAsync();
        var code = await mint.CodeAsync(session);
        var tokens = (await mint.RedeemAsync(code)).Tokens!;
        Assert.Contains("used before", (await mint.RedeemAsync(code)).Error!.Description, StringComparison.Ordinal);
        Assert.Equal("invalid_grant", (await mint.RefreshAsync(tokens.RefreshToken!)).Error!.Code);
        await UntilAsync(() => mint.Verify.Check(tokens.AccessToken, null, out _) is not null);

        // The first redeemer has taken the code and not written its tokens yet when the replay comes.
        code = await mint.CodeAsync(session);
        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => Task.Run(() => mint.RedeemAsync(code), Stop)));
        foreach (var won in answers.Where(answer => answer.Tokens is not null)) Assert.Equal("invalid_grant", (await mint.RefreshAsync(won.Tokens!.RefreshToken!)).Error!.Code);
        Assert.True(answers.Count(answer => answer.Tokens is not null) <= 1);

        code = await mint.CodeAsync(session);
        Assert.NotNull((await mint.Codes.TakeAsync(Realm, code, Stop)).Grant);
        await mint.RefreshTokens.EndOfCodeAsync(Realm, mint.Codes.HashOf(code), Stop);
        var late = new Gatehouse.Tokens.Authorization
        {
            Grant = "authorization_code", Realm = mint.Realm, Client = await mint.ClientAsync(), User = session.User, Session = session, Scopes = ["openid"], WithRefresh = true, CodeHash = mint.Codes.HashOf(code), AuthenticatedAt = session.AuthenticatedAt,
        };
        Assert.Contains("used before", (await mint.Issuer.MintAsync(late, Stop)).Error!.Description, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_code_is_anothers_too_old_or_unknown()
    {
        using var mint = await MintAsync();
        var session = await mint.SignInAsync();
        await WriteAsync(work => Node.Clients.AddAsync(work, NewClient("other")));
        Assert.Equal("invalid_grant", (await mint.RedeemAsync(await mint.CodeAsync(session), client: "other")).Error!.Code);
        var old = await mint.CodeAsync(session);
        clock.Advance(TimeSpan.FromSeconds(61));
        Assert.Equal("invalid_grant", (await mint.RedeemAsync(old)).Error!.Code);
        foreach (var nonsense in (string[])["x", "gtcode_", "gtcode_\0", new string('a', 5000), "' or 1=1 --"]) Assert.Equal("invalid_grant", (await mint.RedeemAsync(nonsense)).Error!.Code);
        foreach (var nonsense in (string[])["x", "gtrefresh_", "gtrefresh_\0", new string('a', 5000), "' or 1=1 --"]) Assert.Equal("invalid_grant", (await mint.RefreshAsync(nonsense)).Error!.Code);
    }

    [Fact]
    public async Task A_refresh_token_is_its_clients_alone_and_dies_with_its_session()
    {
        using var mint = await MintAsync();
        await WriteAsync(work => Node.Clients.AddAsync(work, NewClient("other")));
        var session = await mint.SignInAsync();
        var tokens = (await mint.RedeemAsync(await mint.CodeAsync(session))).Tokens!;
        Assert.Equal("invalid_grant", (await mint.RefreshAsync(tokens.RefreshToken!, client: "other")).Error!.Code);
        Assert.False(await mint.RefreshTokens.EndAsync(Realm, tokens.RefreshToken!, "other", "no", Stop));
        tokens = (await mint.RefreshAsync(tokens.RefreshToken!)).Tokens!;
        await mint.Node.Database.WriteAsync(work => mint.Node.Sessions.EndAsync(work, Realm, session.Id), Stop);
        Assert.Equal("invalid_grant", (await mint.RefreshAsync(tokens.RefreshToken!)).Error!.Code);
    }

    [Fact]
    public async Task Idle_ends_a_family_use_prolongs_it_and_the_session_bounds_it()
    {
        using var mint = await MintAsync();
        var tokens = await mint.BeginAsync();
        Assert.Equal(1800, tokens.RefreshExpiresIn);
        for (var i = 0; i < 29; i++)
        {
            clock.Advance(TimeSpan.FromMinutes(20));
            tokens = (await mint.RefreshAsync(tokens.RefreshToken!)).Tokens!;
        }

        // 9 h 40 min after sign-in: nothing outlives the ten hours.
        Assert.Equal(1200, tokens.RefreshExpiresIn);
        clock.Advance(TimeSpan.FromMinutes(19));
        tokens = (await mint.RefreshAsync(tokens.RefreshToken!)).Tokens!;
        Assert.Equal(60, tokens.ExpiresIn);
        clock.Advance(TimeSpan.FromMinutes(2));
        Assert.Equal("invalid_grant", (await mint.RefreshAsync(tokens.RefreshToken!)).Error!.Code);
        await mint.RefreshTokens.PruneAsync(Stop);
        Assert.Equal(0, await mint.CountAsync("refresh_tokens"));
        Assert.Equal(0, await mint.CountAsync("refresh_families"));
    }

    [Fact]
    public async Task An_offline_token_outlives_the_session_but_not_a_changed_password()
    {
        using var mint = await MintAsync();
        var session = await mint.SignInAsync();
        var tokens = (await mint.RedeemAsync(await mint.CodeAsync(session, "offline_access"))).Tokens!;
        Assert.Equal(0, tokens.RefreshExpiresIn);
        await mint.Node.Database.WriteAsync(work => mint.Node.Sessions.EndAsync(work, Realm, session.Id), Stop);
        clock.Advance(TimeSpan.FromDays(50));
        tokens = (await mint.RefreshAsync(tokens.RefreshToken!)).Tokens!;
        Assert.Null(mint.Verify.Check(tokens.AccessToken, null, out var principal));
        Assert.Null(principal!.Session);
        clock.Advance(TimeSpan.FromDays(1));
        var user = (await mint.Node.Users.FindAsync(Realm, session.User, Stop))!;
        await mint.Node.Database.WriteAsync(work => mint.Node.Users.ChangeAsync(work, user with { NotBefore = clock.GetUtcNow() }), Stop);
        Assert.Equal("invalid_grant", (await mint.RefreshAsync(tokens.RefreshToken!)).Error!.Code);
    }

    [Fact]
    public async Task Scopes_can_be_narrowed_never_widened_and_shrink_with_the_client()
    {
        using var mint = await MintAsync();
        var tokens = await mint.BeginAsync("email");
        Assert.Equal("invalid_scope", (await mint.RefreshAsync(tokens.RefreshToken!, "openid roles")).Error!.Code);
        tokens = (await mint.RefreshAsync(tokens.RefreshToken!, "openid")).Tokens!;
        tokens = (await mint.RefreshAsync(tokens.RefreshToken!)).Tokens!;
        Assert.Equal("openid profile email", tokens.Scope);
        var client = await mint.ClientAsync();
        await mint.Node.Database.WriteAsync(work => mint.Node.Clients.ChangeAsync(work, client with { DefaultScopes = ["profile"] }), Stop);
        Assert.Equal("openid profile", (await mint.RefreshAsync(tokens.RefreshToken!)).Tokens!.Scope);
    }
}
