using System.Collections.Immutable;
using Gatehouse.People;
using Gatehouse.Storage;
using Gatehouse.Tests.Kits;
using Xunit;

namespace Gatehouse.Tests.People;

public sealed class SqliteAttributeIndexTests : AttributeIndexTests
{
    protected override Task<StorageSettings> NewDatabaseAsync() => Task.FromResult(Sqlite());
}

public sealed class PostgresAttributeIndexTests : AttributeIndexTests
{
    protected override Task<StorageSettings> NewDatabaseAsync() => PostgresAsync();
}

/// <summary>People by an id of a vendor's: whoever alone has it, on every node, as soon as it changes, and without reading all people for each question.</summary>
public abstract class AttributeIndexTests : StoreKit
{
    private const string Attribute = "vendor.id";

    [Fact]
    public async Task Who_alone_has_a_value_is_found_and_changes_are_heard_on_every_node()
    {
        var other = await SecondNodeAsync();
        using var index = new AttributeIndex(Node.Users, Node.Known, Node.Database.Feed);
        using var there = new AttributeIndex(other.Users, other.Known, other.Database.Feed);
        var (alice, bob) = (With("alice", "1001"), With("bob", "1002"));
        foreach (var user in (User[])[alice, bob]) await WriteAsync(work => Node.Users.AddAsync(work, user));
        Assert.Equal(alice.Id, await FindAsync(index, "1001"));
        Assert.Equal(bob.Id, await FindAsync(there, "1002"));
        foreach (var none in (string[])["", "100", "1001 ", "%", "\0", "ALICE", Attribute, new string('1', 5000)]) Assert.Null(await FindAsync(index, none));
        Assert.Null(await index.FindAsync("elsewhere", Attribute, "1001", Stop));

        // Moved, taken by a second, given back, removed: each is known before the write returns here, and soon there.
        await WriteAsync(work => Node.Users.ChangeAsync(work, With("alice", "2001") with { Id = alice.Id }));
        Assert.Null(await FindAsync(index, "1001"));
        Assert.Equal(alice.Id, await FindAsync(index, "2001"));
        await UntilAsync(async () => await FindAsync(there, "2001") == alice.Id);
        await WriteAsync(work => Node.Users.ChangeAsync(work, With("bob", "2001") with { Id = bob.Id }));
        Assert.Null(await FindAsync(index, "2001"));
        await WriteAsync(work => Node.Users.ChangeAsync(work, With("bob", "1002") with { Id = bob.Id }));
        Assert.Equal((alice.Id, bob.Id), (await FindAsync(index, "2001"), await FindAsync(index, "1002")));
        await WriteAsync(work => Node.Users.RemoveAsync(work, Realm, alice.Id));
        Assert.Null(await FindAsync(index, "2001"));
        await UntilAsync(async () => await FindAsync(there, "2001") is null);
        Assert.Equal(bob.Id, await FindAsync(there, "1002"));
    }

    [Fact]
    public async Task The_same_text_in_other_attributes_hides_nobody()
    {
        using var index = new AttributeIndex(Node.Users, Node.Known, Node.Database.Feed);
        var wanted = With("wanted", "5000");
        await WriteAsync(async work =>
        {
            for (var i = 0; i < 300; i++) await Node.Users.AddAsync(work, NewUser($"agent{i:d3}") with { Attributes = new Dictionary<string, ImmutableArray<string>> { ["team"] = ["5000"], [Attribute] = [$"a{i}", "5000"] }.ToImmutableDictionary() });
            await Node.Users.AddAsync(work, wanted);
        });
        Assert.Equal(wanted.Id, await FindAsync(index, "5000"));
        Assert.NotNull(await FindAsync(index, "a299"));

        // More changes than are read one by one, while many ask.
        var asking = Enumerable.Range(0, 8).Select(_ => Task.Run(async () =>
        {
            for (var i = 0; i < 50; i++) Assert.Equal(wanted.Id, await FindAsync(index, "5000"));
        }, Stop)).ToArray();
        for (var i = 0; i < 3; i++)
            await WriteAsync(async work =>
            {
                for (var j = 0; j < 100; j++) await Node.Users.AddAsync(work, With($"later{i}-{j}", $"b{i}-{j}"));
            });
        await Task.WhenAll(asking);
        Assert.NotNull(await FindAsync(index, "b2-99"));
    }

    private static async Task<string?> FindAsync(AttributeIndex index, string value) => (await index.FindAsync(Realm, Attribute, value, Stop))?.Id;

    private static User With(string name, string value) => NewUser(name) with { Attributes = ImmutableDictionary<string, ImmutableArray<string>>.Empty.Add(Attribute, [value]) };
}
