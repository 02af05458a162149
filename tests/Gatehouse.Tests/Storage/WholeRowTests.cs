using System.Data;
using Gatehouse.Storage;
using Gatehouse.Tests.Kits;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Gatehouse.Tests.Storage;

/// <summary>PostgreSQL's rows are whole before anybody looks at them: one that is waited for by blocking, on a thread that tells of sockets' events, is waited for in vain.</summary>
public sealed class WholeRowTests
{
    [Fact]
    public async Task A_reader_that_asks_for_columns_as_they_arrive_gets_whole_rows_all_the_same()
    {
        await using var database = await Database.OpenReadyAsync(await StoreKit.PostgresAsync(), TimeProvider.System, NullLogger.Instance, TestContext.Current.CancellationToken);
        var read = await database.ReadAsync(async connection =>
        {
            await using var command = connection.CreateCommand();
            command.CommandText = "select repeat('a', 100000), 'b' from generate_series(1, 50)";
            await using var reader = await command.ExecuteReaderAsync(CommandBehavior.SequentialAccess);
            var lengths = 0;
            // Backwards, which sequential access would refuse.
            while (await reader.ReadAsync()) lengths += reader.GetString(1).Length + reader.GetString(0).Length;
            return lengths;
        }, TestContext.Current.CancellationToken);
        Assert.Equal(50 * 100_001, read);
        Assert.Equal(100_000, await database.ReadAsync(async connection => (await Dapper.SqlMapper.ExecuteScalarAsync<string>(connection, "select repeat('a', 100000)"))!.Length, TestContext.Current.CancellationToken));
        Assert.Null(await database.ReadAsync(connection => Dapper.SqlMapper.ExecuteScalarAsync<string?>(connection, "select body from realms where name = @name", new { name = "none" }), TestContext.Current.CancellationToken));
    }
}
