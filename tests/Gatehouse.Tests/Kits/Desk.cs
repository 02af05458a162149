using Gatehouse.House;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace Gatehouse.Tests.Kits;

/// <summary>The whole program in this process over scratch data, on a free loopback port: what a walk over HTTP needs.</summary>
public sealed class Desk : IAsyncDisposable
{
    private readonly WebApplication app;

    private Desk(WebApplication app, string data, Uri url)
    {
        this.app = app;
        Data = data;
        Url = url;
        Http = NewClient();
    }

    /// <summary>Password of the demo people alice, sam and ada.</summary>
    public const string Password = "desk-password-1";

    /// <summary>Secret of the demo service account crm-sync.</summary>
    public const string ClientSecret = "desk-secret-of-crm-sync";

    public const string Realm = "contact-centre";

    /// <summary>Data folder, deleted at the end.</summary>
    public string Data { get; }

    public Uri Url { get; }

    /// <summary>Port on which it listens, whatever address clients see.</summary>
    public int ListensOn { get; private init; }

    /// <summary>A client that follows no redirects and keeps no cookies.</summary>
    public HttpClient Http { get; }

    public Uri RealmUrl => new(Url, $"/realms/{Realm}/");

    /// <summary>Any part of the running program.</summary>
    public T Part<T>() where T : notnull => app.Services.GetRequiredService<T>();

    /// <summary>Starts the program with its demo.</summary>
    public static async Task<Desk> OpenAsync(string? access = null, CancellationToken stop = default, Func<ServeOptions, ServeOptions>? with = null)
    {
        Environment.SetEnvironmentVariable("GATEHOUSE_DEMO_PASSWORD", Password);
        Environment.SetEnvironmentVariable("GATEHOUSE_DEMO_SECRET", ClientSecret);
        var data = Directory.CreateTempSubdirectory("gatehouse-desk-").FullName;
        var options = new ServeOptions { Port = 0, Data = data, Demo = true, Access = access };
        options = with?.Invoke(options) ?? options;
        var program = await Serve.BuildAsync(options, TextWriter.Null, stop);
        await program.StartAsync(stop);
        return new Desk(program, data, new Uri(program.Configuration["tokens:publicUrl"]!)) { ListensOn = options.Port };
    }

    /// <summary>A client-credentials token of the demo service account, which has the role integration.</summary>
    public async Task<string> ServiceTokenAsync()
    {
        using var form = new FormUrlEncodedContent([new("grant_type", "client_credentials"), new("client_id", "crm-sync"), new("client_secret", ClientSecret)]);
        using var answer = await Http.PostAsync(new Uri(RealmUrl, "protocol/openid-connect/token"), form);
        using var json = System.Text.Json.JsonDocument.Parse(await answer.Content.ReadAsStringAsync());
        return json.RootElement.GetProperty("access_token").GetString()!;
    }

    public HttpClient NewClient() => new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false }) { BaseAddress = Url };

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await app.StopAsync();
        await app.DisposeAsync();
        Directory.Delete(Data, recursive: true);
    }
}
