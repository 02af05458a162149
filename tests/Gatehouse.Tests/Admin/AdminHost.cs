using System.Collections.Concurrent;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using Gatehouse.Clients;
using Gatehouse.House;
using Gatehouse.People;
using Gatehouse.Storage;
using Gatehouse.Terms;
using Gatehouse.Tests.Kits;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

[assembly: AssemblyFixture(typeof(Gatehouse.Tests.Admin.SqliteHost))]
[assembly: AssemblyFixture(typeof(Gatehouse.Tests.Admin.PostgresHost))]

namespace Gatehouse.Tests.Admin;

/// <summary>The program on a loopback port, shared by the admin tests of one database; started when the first of them asks. Every test works on names of its own.</summary>
public abstract class AdminHost : IAsyncDisposable
{
    public const string Realm = "contact-centre";
    public const string Other = "other";

    private readonly ConcurrentDictionary<string, Lazy<Task<HttpClient>>> clients = new();
    private readonly Lazy<Task<WebApplication>> app;
    private readonly string data = Directory.CreateTempSubdirectory("gatehouse-admin-").FullName;
    private Uri? url;

    protected AdminHost() => app = new(StartAsync);

    /// <summary>A client whose token holds the given roles (realm roles, or client/role) in <paramref name="realm"/>.</summary>
    public Task<HttpClient> AsAsync(string realm, params string[] roles)
        => clients.GetOrAdd(realm + ":" + string.Join(',', roles), _ => new(() => SignInAsync(realm, roles))).Value;

    public Task<HttpClient> AdminAsync(string realm = Realm) => AsAsync(realm, "realm-management/realm-admin");

    public async Task<HttpClient> NobodyAsync()
    {
        await app.Value;
        return new HttpClient { BaseAddress = url };
    }

    public async Task<T> PartAsync<T>() where T : notnull => (await app.Value).Services.GetRequiredService<T>();

    /// <summary>A token by client credentials; null when refused.</summary>
    public async Task<string?> TokenAsync(string realm, string clientId, string secret)
    {
        using var http = await NobodyAsync();
        using var answer = await http.PostAsync($"/realms/{realm}/protocol/openid-connect/token", new FormUrlEncodedContent(new Dictionary<string, string> { ["grant_type"] = "client_credentials", ["client_id"] = clientId, ["client_secret"] = secret }));
        return (await answer.Content.ReadFromJsonAsync<JsonObject>())?["access_token"]?.GetValue<string>();
    }

    public async Task<HttpClient> BearerAsync(string token)
    {
        var http = await NobodyAsync();
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        return http;
    }

    public async ValueTask DisposeAsync()
    {
        if (app.IsValueCreated)
        {
            await (await app.Value).StopAsync();
            await (await app.Value).DisposeAsync();
        }

        Directory.Delete(data, recursive: true);
        GC.SuppressFinalize(this);
    }

    protected abstract Task<string?> ConnectionAsync();

    private async Task<WebApplication> StartAsync()
    {
        await File.WriteAllTextAsync(Path.Combine(data, "gatehouse.json"), JsonSerializer.Serialize(new { storage = new { connection = await ConnectionAsync() }, signin = new { passwordIterations = 100_000 } }));
        var program = await Serve.BuildAsync(new ServeOptions { Port = 0, Data = data }, TextWriter.Null, default);
        await program.StartAsync();
        url = new Uri(program.Configuration["tokens:publicUrl"]!);
        var (database, realms) = (program.Services.GetRequiredService<Database>(), program.Services.GetRequiredService<Realms>());
        foreach (var realm in (string[])[Realm, Other, "master"]) await database.WriteAsync(work => realms.AddAsync(work, new Realm { Name = realm }), default);
        var roles = program.Services.GetRequiredService<Roles>();
        await database.WriteAsync(work => roles.AddAsync(work, new Role { Id = Guid.NewGuid().ToString(), Realm = "master", Name = "create-realm" }), default);
        await database.Feed.CatchUpAsync(default);
        return program;
    }

    private async Task<HttpClient> SignInAsync(string realm, string[] keys)
    {
        var (database, roles, store) = (await PartAsync<Database>(), await PartAsync<Roles>(), await PartAsync<ClientStore>());
        var client = new Client { Id = Guid.NewGuid().ToString(), Realm = realm, ClientId = $"tester-{Guid.NewGuid():n}", ServiceAccount = true, StandardFlow = false };
        var held = new List<Role>();
        foreach (var key in keys) held.Add((await roles.FindByNameAsync(realm, key.Contains('/') ? key.Split('/')[0] : null, key.Split('/')[^1], default))!);
        var secret = await database.WriteAsync(async work =>
        {
            await store.AddAsync(work, client);
            foreach (var role in held) await roles.GiveAsync(work, realm, RoleHolder.ServiceAccount, client.ClientId, role.Id);
            return await store.NewSecretAsync(work, realm, client.Id, null);
        }, default);
        return await BearerAsync((await TokenAsync(realm, client.ClientId, secret.Reveal()))!);
    }
}

public sealed class SqliteHost : AdminHost
{
    protected override Task<string?> ConnectionAsync() => Task.FromResult<string?>(null);
}

public sealed class PostgresHost : AdminHost
{
    protected override async Task<string?> ConnectionAsync() => await PostgresKit.DatabaseAsync();
}
