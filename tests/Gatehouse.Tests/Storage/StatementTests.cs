using Dapper;
using Gatehouse.Storage;
using Gatehouse.Tests.Kits;
using Xunit;

namespace Gatehouse.Tests.Storage;

public sealed class SqliteStatementTests : StatementTests
{
    protected override Task<StorageSettings> NewDatabaseAsync() => Task.FromResult(Sqlite());
}

public sealed class PostgresStatementTests : StatementTests
{
    protected override Task<StorageSettings> NewDatabaseAsync() => PostgresAsync();
}

public abstract class StatementTests : StoreKit
{
    private static readonly Statement Insert = new("insert into scratch (id, n, text) values (@id, @n, @text)", "id", "n", "text");
    private static readonly Statement Select = new("select n, text from scratch where id = @id", "id");
    private static readonly Statement Number = new("select n from scratch where id = @id", "id");

    [Fact]
    public async Task Values_of_one_run_do_not_reach_the_next()
    {
        await CreateAsync();
        await WriteAsync(async work =>
        {
            Assert.Equal(1, await Insert.ExecuteAsync(work, "a", 1L, "first"));
            Assert.Equal(1, await Insert.ExecuteAsync(work, "b", null, null));
            Assert.Equal(1L, await Number.ScalarAsync(work, "a"));
            Assert.Null(await Number.ScalarAsync(work, "b"));
            Assert.Null(await Number.ScalarAsync(work, "c"));
            return true;
        });
        Assert.Equal("1 first", await ReadAsync("a"));
        Assert.Equal("none none", await ReadAsync("b"));
        Assert.Null(await ReadAsync("c"));
    }

    [Fact]
    public async Task A_statement_that_failed_runs_again()
    {
        await CreateAsync();
        await WriteAsync(work => Insert.ExecuteAsync(work, "a", 1L, "x"));
        for (var i = 0; i < 3; i++) await Assert.ThrowsAnyAsync<System.Data.Common.DbException>(() => WriteAsync(work => Insert.ExecuteAsync(work, "a", 2L, "y")));
        await WriteAsync(work => Insert.ExecuteAsync(work, "b", 2L, "y"));
        Assert.Equal("2 y", await ReadAsync("b"));
    }

    [Fact]
    public async Task Failing_writes_among_many_harm_no_other()
    {
        await CreateAsync();
        var all = Enumerable.Range(0, 100).Select(i => WriteAsync(work => Insert.ExecuteAsync(work, i % 5 == 4 ? "0" : $"{i}", (long)i, null))).ToList();
        await Task.WhenAll(all).ContinueWith(_ => { }, TaskScheduler.Default);
        Assert.Equal(20, all.Count(one => one.IsFaulted));
        for (var i = 1; i < 100; i++)
            if (i % 5 != 4) Assert.Equal($"{i} none", await ReadAsync($"{i}"));
    }

    [Fact]
    public async Task A_table_that_changed_its_form_is_read_in_the_new_one()
    {
        await CreateAsync();
        await WriteAsync(work => Insert.ExecuteAsync(work, "a", 1L, "x"));
        Assert.Equal("1 x", await ReadAsync("a"));
        await WriteAsync(work => work.Connection.ExecuteAsync("alter table scratch add column more text", transaction: work.Transaction));
        await WriteAsync(work => Insert.ExecuteAsync(work, "b", 2L, "y"));
        Assert.Equal("2 y", await ReadAsync("b"));
    }

    private Task<int> CreateAsync() => WriteAsync(work => work.Connection.ExecuteAsync("create table scratch (id text primary key, n bigint, text text)", transaction: work.Transaction));

    private Task<string?> ReadAsync(string id)
        => Node.Database.ReadAsync(connection => Select.FirstAsync(connection, row => $"{(row.IsDBNull(0) ? "none" : row.GetInt64(0))} {(row.IsDBNull(1) ? "none" : row.GetString(1))}", id), Stop);
}
