using Dapper;
using Gatehouse.Storage;
using Gatehouse.Tests.Kits;
using Xunit;

namespace Gatehouse.Tests.Storage;

public sealed class SqliteDatabaseTests : DatabaseTests
{
    protected override Task<StorageSettings> NewDatabaseAsync() => Task.FromResult(Sqlite());

    [Fact]
    public async Task A_write_inside_a_write_is_refused_instead_of_waiting_for_itself()
        => await Assert.ThrowsAsync<InvalidOperationException>(() => Node.Database.WriteAsync(_ => Node.Database.WriteAsync(_ => Task.FromResult(1), Stop), Stop));

    [Fact]
    public async Task Too_many_waiting_writes_are_refused_clearly_and_the_others_are_made()
    {
        var hold = new TaskCompletionSource();
        var first = Node.Database.WriteAsync(async _ =>
        {
            await hold.Task;
            return 0;
        }, Stop);
        var all = Enumerable.Range(0, 5000).Select(i => Node.Database.WriteAsync(_ => Task.FromResult(i), Stop)).ToList();
        var refused = all.Where(one => one.IsFaulted).ToList();
        hold.SetResult();
        await first;
        Assert.InRange(refused.Count, 500, 1000);
        Assert.All(refused, one => Assert.Contains("too many waiting writes", Assert.IsType<StorageBusy>(one.Exception!.InnerException).Message, StringComparison.Ordinal));
        await Task.WhenAll(all.Except(refused));
    }

    [Fact]
    public async Task The_files_are_for_the_owner_only()
    {
        var file = await Node.Database.ReadAsync(connection => Task.FromResult(connection.DataSource), Stop);
        foreach (var one in Directory.GetFiles(Path.GetDirectoryName(file)!))
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(one));
    }

    [Fact]
    public async Task Commits_are_synced_and_foreign_keys_count()
    {
        var (sync, mode) = await Node.Database.WriteAsync(
            async work => (await work.Connection.ExecuteScalarAsync<long>("pragma synchronous"), await work.Connection.ExecuteScalarAsync<string>("pragma journal_mode")), Stop);
        Assert.Equal((2, "wal"), (sync, mode));
    }
}

public sealed class PostgresDatabaseTests : DatabaseTests
{
    protected override Task<StorageSettings> NewDatabaseAsync() => PostgresAsync();

    [Fact]
    public async Task A_lost_race_is_run_again()
    {
        var tries = 0;
        var result = await Node.Database.WriteAsync(async work =>
        {
            if (++tries == 1) await work.Connection.ExecuteAsync("do $$ begin raise exception 'later' using errcode = '40001'; end $$", transaction: work.Transaction);
            return "done";
        }, Stop);
        Assert.Equal(("done", 2), (result, tries));
    }

    [Fact]
    public async Task Reads_writes_and_the_change_feed_outlive_the_servers_connections()
    {
        var other = await SecondNodeAsync();
        var heard = 0;
        other.Database.Feed.Subscribe(change => heard += change.Kind == "test" ? 1 : 0);
        for (var i = 1; i <= 3; i++)
        {
            await Node.Database.ReadAsync(connection => connection.ExecuteAsync("select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"), Stop);
            await WriteAsync(work => work.AnnounceAsync(new Change("test", Realm, "x")));
            await UntilAsync(() => heard == i);
            Assert.Equal(1, await other.Database.ReadAsync(connection => connection.ExecuteScalarAsync<long>("select 1"), Stop));
        }
    }
}

public abstract class DatabaseTests : StoreKit
{
    [Fact]
    public async Task A_failing_write_leaves_nothing_and_harms_no_other()
    {
        await CreateAsync();
        var writes = Enumerable.Range(0, 200).Select(i => WriteAsync(async work =>
        {
            await work.Connection.ExecuteAsync("insert into scratch (id, n) values (@id, 1)", new { id = $"x{i}" }, work.Transaction);
            if (i % 3 == 0) throw new InvalidDataException("no");
            return i;
        })).ToList();
        var failed = 0;
        foreach (var write in writes)
        {
            try
            {
                await write;
            }
            catch (InvalidDataException)
            {
                failed++;
            }
        }

        Assert.Equal(67, failed);
        Assert.Equal(133, await ScalarAsync("select count(*) from scratch"));
    }

    [Fact]
    public async Task A_failing_statement_harms_no_other_write()
    {
        await CreateAsync();
        var wrong = WriteAsync(work => work.Connection.ExecuteAsync("insert into nowhere values (1)", transaction: work.Transaction));
        var right = WriteAsync(work => work.Connection.ExecuteAsync("insert into scratch (id, n) values ('a', 1)", transaction: work.Transaction));
        await Assert.ThrowsAnyAsync<System.Data.Common.DbException>(() => wrong);
        Assert.Equal(1, await right);
    }

    [Fact]
    public async Task Concurrent_writes_see_each_other()
    {
        await CreateAsync();
        await WriteAsync(work => work.Connection.ExecuteAsync("insert into scratch (id, n) values ('sum', 0)", transaction: work.Transaction));
        await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => WriteAsync(work => work.Connection.ExecuteAsync("update scratch set n = n + 1 where id = 'sum'", transaction: work.Transaction))));
        Assert.Equal(100, await ScalarAsync("select n from scratch where id = 'sum'"));
    }

    [Fact]
    public async Task A_write_is_there_for_the_next_read()
    {
        await CreateAsync();
        for (var i = 1; i <= 50; i++)
        {
            await WriteAsync(work => work.Connection.ExecuteAsync("insert into scratch (id, n) values (@id, 1)", new { id = $"{i}" }, work.Transaction));
            Assert.Equal(i, await ScalarAsync("select count(*) from scratch"));
        }
    }

    [Fact]
    public async Task A_cancelled_write_is_not_made()
    {
        await CreateAsync();
        using var gone = new CancellationTokenSource();
        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Node.Database.WriteAsync(work => work.Connection.ExecuteAsync("insert into scratch (id, n) values ('a', 1)", transaction: work.Transaction), gone.Token));
        Assert.Equal(0, await ScalarAsync("select count(*) from scratch"));
    }

    [Fact]
    public async Task A_second_node_writes_to_the_same_database()
    {
        await CreateAsync();
        var other = await SecondNodeAsync();
        await Task.WhenAll(Enumerable.Range(0, 60).Select(i => (i % 2 == 0 ? Node : other).Database.WriteAsync(
            work => work.Connection.ExecuteAsync("insert into scratch (id, n) values (@id, 1)", new { id = $"{i}" }, work.Transaction), Stop)));
        Assert.Equal(60, await ScalarAsync("select count(*) from scratch"));
    }

    [Fact]
    public async Task A_read_that_fails_gives_its_connection_back()
    {
        for (var i = 0; i < 50; i++)
            await Assert.ThrowsAnyAsync<System.Data.Common.DbException>(() => Node.Database.ReadAsync(connection => connection.ExecuteScalarAsync<long>("select no from nowhere"), Stop));
        Assert.Equal(1, await ScalarAsync("select 1"));
    }

    private Task<int> CreateAsync() => WriteAsync(work => work.Connection.ExecuteAsync("create table scratch (id text primary key, n integer not null)", transaction: work.Transaction));

    private Task<long> ScalarAsync(string sql) => Node.Database.ReadAsync(connection => connection.ExecuteScalarAsync<long>(sql), Stop);
}
