using Dapper;
using Gatehouse.People;
using Gatehouse.Storage;
using Gatehouse.Tests.Kits;
using Xunit;

namespace Gatehouse.Tests.People;

public sealed class SqliteManyUsersTests : ManyUsersTests
{
    protected override Task<StorageSettings> NewDatabaseAsync() => Task.FromResult(Sqlite());

    protected override string Series => "with recursive series (i) as (select 1 union all select i + 1 from series where i < 100000)";

    protected override string Analyse => "analyze users";

    protected override string Explain => "explain query plan";
}

public sealed class PostgresManyUsersTests : ManyUsersTests
{
    protected override Task<StorageSettings> NewDatabaseAsync() => PostgresAsync();

    protected override string Series => "with series (i) as (select * from generate_series(1, 100000))";

    protected override string Analyse => "analyze users";

    protected override string Explain => "explain";
}

/// <summary>A hundred thousand users: what a sign-in or a console asks takes an index, never the table.</summary>
public abstract class ManyUsersTests : StoreKit
{
    protected abstract string Series { get; }

    protected abstract string Analyse { get; }

    protected abstract string Explain { get; }

    [Fact]
    public async Task Finding_one_and_turning_pages_takes_an_index()
    {
        await FillAsync();
        Assert.Equal("user077777", (await Node.Users.FindByNameAsync(Realm, "user077777", Stop))?.Username);
        Assert.Equal("user077777", (await Node.Users.FindByNameAsync(Realm, "user077777@example.org", Stop))?.Username);
        var page = await Node.Users.ListAsync(Realm, new UserQuery { After = "user099990", Limit = 100 }, Stop);
        Assert.Equal(10, page.Items.Count);
        Assert.Equal("user042424", Assert.Single((await Node.Users.ListAsync(Realm, new UserQuery { Search = "last42424x" }, Stop)).Items).Username);
        Assert.Equal(100_000, await Node.Users.CountAsync(Realm, new UserQuery(), Stop));

        await PlanAsync("realm = 'contact-centre' and username = 'user077777'");
        await PlanAsync("realm = 'contact-centre' and email = 'user077777@example.org'");
        await PlanAsync("realm = 'contact-centre' and id = '077777'");
        await PlanAsync("realm = 'contact-centre' and username > 'user050000' order by username limit 100");
    }

    private async Task FillAsync()
    {
        var name = "'user' || substr('000000' || i, length('000000' || i) - 5)";
        await WriteAsync(work => work.Connection.ExecuteAsync(
            $"""
            insert into users (id, realm, username, email, email_verified, first_name, last_name, enabled, attributes, created_at, search)
            {Series} select 'id' || i, 'contact-centre', {name}, {name} || '@example.org', true, 'First', 'Last' || i || 'x', true, '{"{}"}', 1, {name} || ' ' || {name} || '@example.org first last' || i || 'x' from series
            """, transaction: work.Transaction));
        await WriteAsync(work => work.Connection.ExecuteAsync(Analyse, transaction: work.Transaction));
    }

    private async Task PlanAsync(string where)
    {
        var rows = await Node.Database.ReadAsync(async connection => (await connection.QueryAsync($"{Explain} select * from users where {where}")).Cast<IDictionary<string, object>>().ToList(), Stop);
        var plan = string.Join('\n', rows.Select(row => row.Values.Last()));
        Assert.Contains("index", plan, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotMatch("(?i)seq scan|scan users|temp b-tree|\\bsort\\b", plan);
    }
}
