using Gatehouse.Audit;
using Gatehouse.Clients;
using Gatehouse.Keys;
using Gatehouse.People;
using Gatehouse.Sessions;
using Gatehouse.Storage;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Xunit;

namespace Gatehouse.Tests.Kits;

/// <summary>
/// The contract of every store: an abstract test class over <see cref="Node"/>, with one subclass per database. A subclass is two lines; it inherits all tests.
/// </summary>
public abstract class StoreKit : IAsyncLifetime
{
    public const string Realm = "contact-centre";

    private readonly List<Node> nodes = [];
    private StorageSettings settings = null!;

    /// <summary>The first node, open on a database of its own with the realm in it.</summary>
    protected Node Node { get; private set; } = null!;

    /// <summary>Where the database is, for a node that the test ends itself.</summary>
    protected StorageSettings Settings => settings;

    protected static CancellationToken Stop => TestContext.Current.CancellationToken;

    /// <summary>Settings of an empty database.</summary>
    protected abstract Task<StorageSettings> NewDatabaseAsync();

    public async ValueTask InitializeAsync()
    {
        settings = await NewDatabaseAsync();
        Node = await SecondNodeAsync();
        await Node.Database.WriteAsync(work => Node.Realms.AddAsync(work, new Terms.Realm { Name = Realm }), Stop);
    }

    /// <summary>Another node over the same database, as a second process would be.</summary>
    protected async Task<Node> SecondNodeAsync(TimeProvider? time = null)
    {
        var node = await Node.OpenAsync(settings, time);
        nodes.Add(node);
        return node;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var node in nodes) await node.DisposeAsync();
        if (settings.Connection is null && Directory.Exists(settings.Folder)) Directory.Delete(settings.Folder, recursive: true);
        GC.SuppressFinalize(this);
    }

    protected Task<T> WriteAsync<T>(Func<Work, Task<T>> write) => Node.Database.WriteAsync(write, Stop);

    protected Task WriteAsync(Func<Work, Task> write) => Node.Database.WriteAsync(async work =>
    {
        await write(work);
        return true;
    }, Stop);

    protected static User NewUser(string name, string? email = null) => new() { Id = Guid.NewGuid().ToString(), Realm = Realm, Username = name, Email = email };

    protected static Role NewRole(string name, string? client = null) => new() { Id = Guid.NewGuid().ToString(), Realm = Realm, Client = client, Name = name };

    protected static Group NewGroup(string name, string? parent = null) => new() { Id = Guid.NewGuid().ToString(), Realm = Realm, Name = name, Parent = parent, Path = "" };

    protected static Client NewClient(string clientId) => new() { Id = Guid.NewGuid().ToString(), Realm = Realm, ClientId = clientId };

    /// <summary>Waits until a condition holds; fails after ten seconds.</summary>
    protected static Task UntilAsync(Func<bool> condition) => UntilAsync(() => ValueTask.FromResult(condition()));

    /// <summary>Waits until a condition holds; fails after ten seconds.</summary>
    protected static async Task UntilAsync(Func<ValueTask<bool>> condition)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        patience.CancelAfter(TimeSpan.FromSeconds(10));
        while (!await condition()) await Task.Delay(5, patience.Token);
    }

    /// <summary>A scratch folder with nothing in it.</summary>
    public static StorageSettings Sqlite() => new() { Folder = Directory.CreateTempSubdirectory("gatehouse-store-").FullName };

    public static async Task<StorageSettings> PostgresAsync() => new() { Folder = Path.GetTempPath(), Connection = await PostgresKit.DatabaseAsync() };
}

/// <summary>The stores of one node, made by hand: no container, no listener.</summary>
public sealed class Node : IAsyncDisposable
{
    private Node(Database database, TimeProvider time)
    {
        Database = database;
        Root = RootKey.Load(new KeysSettings { Variable = Variable }, "");
        Sealer = new Sealer(Root);
        Keys = new SigningKeys(database, Sealer, time, Options.Create(new KeysSettings()));
        Roles = new Roles(database);
        Realms = new Realms(database, Roles, Keys, new SamlKeys(database, Sealer, time));
        Users = new Users(database);
        Groups = new Groups(database);
        Rights = new RightsCache(Roles, database.Feed);
        Known = new UserCache(Users, database.Feed);
        Clients = new ClientStore(database, Sealer, time);
        Sessions = new SessionStore(database, Sealer, time);
        Audit = new AuditLog(database, time);
        Observed = new ObservedStore(database);
        LegacyUses = new LegacyUses(database);
    }

    private const string Variable = "GATEHOUSE_TEST_ROOT_KEY";

    public Database Database { get; }

    public RootKey Root { get; }

    public Sealer Sealer { get; }

    public SigningKeys Keys { get; }

    public Realms Realms { get; }

    public Users Users { get; }

    public Groups Groups { get; }

    public Roles Roles { get; }

    public RightsCache Rights { get; }

    public UserCache Known { get; }

    public ClientStore Clients { get; }

    public SessionStore Sessions { get; }

    public AuditLog Audit { get; }

    public ObservedStore Observed { get; }

    public LegacyUses LegacyUses { get; }

    public static async Task<Node> OpenAsync(StorageSettings settings, TimeProvider? time = null)
    {
        Environment.SetEnvironmentVariable(Variable, new string('a', 64));
        time ??= TimeProvider.System;
        var node = new Node(await Database.OpenReadyAsync(settings, time, NullLogger.Instance, TestContext.Current.CancellationToken), time);
        await node.Keys.LoadAsync(default);
        await node.Realms.LoadAsync(default);
        await node.Sessions.LoadEndedAsync(default);
        return node;
    }

    public async ValueTask DisposeAsync()
    {
        Keys.Dispose();
        Realms.Dispose();
        Rights.Dispose();
        Known.Dispose();
        Clients.Dispose();
        Sessions.Dispose();
        await Database.DisposeAsync();
    }
}
