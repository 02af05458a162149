using Gatehouse.Storage;
using Npgsql;
using Xunit;

namespace Gatehouse.Tests.Storage;

public sealed class PlaceTests
{
    [Theory]
    [InlineData(null, "./data/gatehouse.db")]
    [InlineData("", "./data/gatehouse.db")]
    [InlineData("sqlite:/var/lib/x.db", "/var/lib/x.db")]
    [InlineData("SQLite:x.db", "x.db")]
    public void SQLite_is_a_file(string? connection, string file) => Assert.Equal(file, Place.Parse(new StorageSettings { Connection = connection }).File);

    [Theory]
    [InlineData("postgres://gate%40home:p%3Ass@db.example:6432/keys?sslmode=verify-full")]
    [InlineData("postgresql://gate%40home:p%3Ass@db.example:6432/keys?sslmode=verify-full")]
    [InlineData("Host=db.example;Port=6432;Username=gate@home;Password=p:ss;Database=keys;SslMode=VerifyFull")]
    public void PostgreSQL_is_named_in_three_ways(string connection)
    {
        var parts = new NpgsqlConnectionStringBuilder(Place.Parse(new StorageSettings { Connection = connection }).Postgres);
        Assert.Equal(("db.example", 6432, "gate@home", "p:ss", "keys", SslMode.VerifyFull), (parts.Host, parts.Port, parts.Username, parts.Password, parts.Database, parts.SslMode));
    }

    [Theory]
    [InlineData("sqlite:")]
    [InlineData("postgres://:hunter2@/x")]
    [InlineData("postgres://db/x?nonsense=hunter2")]
    [InlineData("mysql://root:hunter2@db/x")]
    [InlineData("hunter2")]
    [InlineData("Password=hunter2")]
    public void What_cannot_be_read_is_refused_without_repeating_it(string connection)
    {
        var wrong = Assert.Throws<StorageFault>(() => Place.Parse(new StorageSettings { Connection = connection }));
        Assert.DoesNotContain("hunter2", wrong.ToString(), StringComparison.Ordinal);
        Assert.Contains("storage:connection", wrong.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_cannot_be_opened_is_named()
    {
        var wrong = Assert.Throws<StorageFault>(() => Database.Open(new StorageSettings { Connection = "sqlite:/proc/none/x.db" }, TimeProvider.System));
        Assert.Contains("/proc/none/x.db", wrong.Message, StringComparison.Ordinal);
    }
}
