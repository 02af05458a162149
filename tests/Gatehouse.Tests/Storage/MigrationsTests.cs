using Dapper;
using Gatehouse.Storage;
using Gatehouse.Tests.Kits;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Gatehouse.Tests.Storage;

public sealed class SqliteMigrationsTests : MigrationsTests
{
    protected override Task<StorageSettings> NewDatabaseAsync() => Task.FromResult(Sqlite());
}

public sealed class PostgresMigrationsTests : MigrationsTests
{
    protected override Task<StorageSettings> NewDatabaseAsync() => PostgresAsync();
}

public abstract class MigrationsTests : StoreKit
{
    [Fact]
    public async Task Nodes_that_start_together_do_not_collide()
    {
        var empty = await NewDatabaseAsync();
        var nodes = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Node.OpenAsync(empty)));
        foreach (var node in nodes) await node.DisposeAsync();
        if (empty.Connection is null) Directory.Delete(empty.Folder, recursive: true);
    }

    [Fact]
    public async Task A_changed_migration_refuses_to_start()
    {
        await WriteAsync(work => work.Connection.ExecuteAsync("update migrations set hash = 'other' where name like '0030%'", transaction: work.Transaction));
        var wrong = await Assert.ThrowsAsync<StorageFault>(ApplyAsync);
        Assert.Contains("0030-people.sql", wrong.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_database_of_a_newer_version_refuses_to_start()
    {
        await WriteAsync(work => work.Connection.ExecuteAsync("insert into migrations (name, hash, at) values ('9999-future.sql', 'x', 1)", transaction: work.Transaction));
        var wrong = await Assert.ThrowsAsync<StorageFault>(ApplyAsync);
        Assert.Contains("9999-future.sql", wrong.Message, StringComparison.Ordinal);
        Assert.Contains("newer version", wrong.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_number_is_used_once()
    {
        var names = typeof(Migrations).Assembly.GetManifestResourceNames().Where(name => name.StartsWith("migrations/", StringComparison.Ordinal)).Select(name => name["migrations/".Length..][..5]).ToList();
        Assert.Equal(names.Distinct(), names);
        Assert.All(names, name => Assert.Matches("^[0-9]{4}-$", name));
    }

    private Task ApplyAsync() => Migrations.ApplyAsync(Node.Database, NullLogger.Instance, Stop);
}
