using Gatehouse.Audit;
using Gatehouse.Clients;
using Gatehouse.Dialogs;
using Gatehouse.Federation;
using Gatehouse.Keys;
using Gatehouse.Outbound;
using Gatehouse.People;
using Gatehouse.Permissions;
using Gatehouse.Sessions;
using Gatehouse.SignIn;
using Gatehouse.SignIn.Import;
using Gatehouse.SignIn.OneTime;
using Gatehouse.Storage;
using Gatehouse.Terms;
using Gatehouse.Tokens;
using Microsoft.Extensions.Options;

namespace Gatehouse.House.Commands;

/// <summary>The program's stores without its listener: what commands work with, directly on the data folder or database. A running server hears of every change through the feed.</summary>
internal sealed class Workshop : IAsyncDisposable
{
    private readonly ServiceProvider services;
    private readonly List<IHostedService> started = [];

    private Workshop(ServiceProvider services) => this.services = services;

    public Database Database => Part<Database>();

    public Realms Realms => Part<Realms>();

    public Users Users => Part<Users>();

    public Groups Groups => Part<Groups>();

    public Roles Roles => Part<Roles>();

    public ClientStore Clients => Part<ClientStore>();

    public LegacyUses LegacyUses => Part<LegacyUses>();

    public SessionStore Sessions => Part<SessionStore>();

    public SigningKeys Keys => Part<SigningKeys>();

    public SamlKeys SamlKeys => Part<SamlKeys>();

    public Gatehouse.Federation.BrowserTests BrowserTests => Part<Gatehouse.Federation.BrowserTests>();

    public AuditLog Audit => Part<AuditLog>();

    public ObservedStore Observed => Part<ObservedStore>();

    public Upstreams Upstreams => Part<Upstreams>();

    public Passwords Passwords => Part<Passwords>();

    public OneTimeStore OneTime => Part<OneTimeStore>();

    public PasswordPlace PasswordPlace => Part<PasswordPlace>();

    public DialogProjects DialogProjects => Part<DialogProjects>();

    public GadgetStops GadgetStops => Part<GadgetStops>();

    public DialogStore Dialogs => Part<DialogStore>();

    public PeopleImport Import => Part<PeopleImport>();

    public GuardedResources Guarded => Part<GuardedResources>();

    public TimeProvider Time => Part<TimeProvider>();

    /// <summary>Opens the data; with <paramref name="fresh"/> a folder that is not there yet is made.</summary>
    public static async Task<Workshop> OpenAsync(string folder, string? connection, bool fresh, CancellationToken stop)
    {
        if (!fresh && connection is null && !Directory.Exists(folder))
            throw new StartRefused($"There is no data folder '{folder}'. Name it with --data, or make one with: gatehouse realms add NAME --data {folder}");
        var settings = new ConfigurationBuilder().AddConfiguration(Settings.Read(new ServeOptions { Data = folder }, "http://localhost", null));
        if (connection is not null) settings.AddInMemoryCollection(new Dictionary<string, string?> { ["storage:connection"] = connection });
        var given = settings.Build();
        var services = new ServiceCollection()
            .AddLogging(logging => logging.SetMinimumLevel(LogLevel.Warning).AddSimpleConsole(console => console.SingleLine = true))
            .AddSingleton(TimeProvider.System)
            .AddStorage(given.GetSection("storage")).AddKeys(given.GetSection("keys")).AddAudit(given.GetSection("audit")).AddOutbound().AddFederation(given.GetSection("federation"), given["tokens:publicUrl"] ?? "").AddPeople().AddClients().AddSessions();
        services.AddOptions<SignInSettings>().Bind(given.GetSection("signin"));
        services.AddSingleton<Passwords>().AddSingleton<Revocations>().AddSingleton<GadgetStops>().AddSingleton<PeopleImport>().AddSingleton<PasswordPlace>().AddSingleton<OneTimeStore>().AddSingleton<SettingsNames>().AddSingleton<GuardedResources>().AddSingleton<DialogProjects>().AddSingleton<DialogStore>();
        var workshop = new Workshop(services.BuildServiceProvider());
        try
        {
            foreach (var part in workshop.services.GetServices<IHostedService>())
            {
                await part.StartAsync(stop);
                workshop.started.Add(part);
            }

            return workshop;
        }
        catch (Exception wrong) when (wrong is StorageFault or KeyFault or OptionsValidationException or System.Data.Common.DbException)
        {
            await workshop.DisposeAsync();
            throw new StartRefused(wrong.Message);
        }
    }

    /// <summary>The named realm, or the only one there is.</summary>
    public Realm Realm(string? name)
    {
        if (name is not null) return Realms.Find(name) ?? throw new StartRefused($"There is no realm '{name}'.");
        return Realms.All switch
        {
            [var only] => only,
            [] => throw new StartRefused("There is no realm yet. Make one with: gatehouse realms add NAME"),
            var all => throw new StartRefused($"Say which realm with --realm: {string.Join(", ", all.Select(realm => realm.Name))}"),
        };
    }

    /// <summary>Makes a change and its audit event in one transaction. False when <paramref name="change"/> says so: then nothing is written.</summary>
    public async Task<bool> ChangeAsync(string realm, string operation, string resource, Func<Work, Task<bool>> change, CancellationToken stop)
    {
        try
        {
            return await Database.WriteAsync(async work =>
            {
                if (!await change(work)) return false;
                await Audit.WriteAsync(work, new AuditEvent { Realm = realm, Type = operation, Resource = resource, Client = "gatehouse-cli", Details = new Dictionary<string, string> { ["operator"] = Environment.UserName } });
                return true;
            }, stop);
        }
        catch (ArgumentException wrong)
        {
            throw new StartRefused(wrong.Message);
        }
    }

    /// <summary>Ends every session of a user and kills every token issued to them so far.</summary>
    public async Task EndUserAsync(Work work, User user)
    {
        await Sessions.EndAllAsync(work, user.Realm, user.Id);
        await Part<Revocations>().AddAsync(work, RevocationKind.Subject, user.Realm, user.Id);
    }

    /// <summary>Kills every token that was given to a client.</summary>
    public Task EndClientAsync(Work work, Client client) => Part<Revocations>().AddAsync(work, RevocationKind.Client, client.Realm, client.ClientId);

    public async ValueTask DisposeAsync()
    {
        for (var i = started.Count - 1; i >= 0; i--) await started[i].StopAsync(CancellationToken.None);
        await services.DisposeAsync();
    }

    private T Part<T>() where T : notnull => services.GetRequiredService<T>();
}
