using Gatehouse.Tokens;

namespace Gatehouse.House.Demo;

/// <summary>Seeds the demo before the listener opens, tells the newcomer what to do next once it is open, and stops the desk at the end.</summary>
public sealed class DemoStart(IServiceProvider services, IHostApplicationLifetime lifetime, Demo demo, Issuers issuers, Uri url, TextWriter output) : IHostedService
{
    private static readonly string[] Names = ["GATEHOUSE_DEMO_PASSWORD", "GATEHOUSE_DEMO_SECRET"];

    /// <inheritdoc/>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        var seed = ActivatorUtilities.CreateInstance<DemoSeed>(services);
        var told = await seed.SeedAsync(Given(Names[0], 8), Given(Names[1], 16), cancellationToken);
        (demo.Desk.Gadgets.PublicUrl, var own) = (issuers.PublicUrl, await seed.SeedServiceAsync(cancellationToken));
        demo.Desk.Gadgets.Ask(url, own);
        lifetime.ApplicationStarted.Register(() => output.WriteLine(Welcome(told)));
    }

    /// <inheritdoc/>
    public async Task StopAsync(CancellationToken cancellationToken) => await demo.Desk.DisposeAsync();

    private static string? Given(string name, int least)
    {
        var value = Environment.GetEnvironmentVariable(name);
        if (string.IsNullOrEmpty(value)) return null;
        if (value.Length < least) throw new StartRefused($"{name} has {value.Length} characters and needs at least {least}.");
        return value;
    }

    private string Welcome(DemoSeed.Told told)
    {
        var at = url.GetLeftPart(UriPartial.Authority);
        var realm = $"{at}/realms/{Demo.RealmName}";
        var password = told.Password is null ? "as told at the first start" : Environment.GetEnvironmentVariable(Names[0]) is { Length: > 0 } ? $"as in {Names[0]}" : told.Password;
        var secret = told.ClientSecret is null ? "as told at the first start" : Environment.GetEnvironmentVariable(Names[1]) is { Length: > 0 } ? $"as in {Names[1]}" : told.ClientSecret;
        var first = told.ClientSecret is not null && Environment.GetEnvironmentVariable(Names[1]) is not { Length: > 0 } ? $"{Environment.NewLine}  export {Names[1]}={told.ClientSecret}" : "";
        return $"""

            Gatehouse listens on {at}

              realm          {realm}
              discovery      {realm}/.well-known/openid-configuration
              people         alice (agent), sam (supervisor), ada (administrator); password {password}
              client         crm-sync (service account); secret {secret}
              access file    {demo.AccessFile}
              agent desktop  {at}/desk (alice signs in with her password, sam by single sign-on)
              admin API      {at}/admin/realms/{Demo.RealmName}/users (OpenAPI: {at}/admin/openapi.json)

            Get a token, then call an API through the gate; without the token it answers 401:
            {first}
              TOKEN=$(curl -s {realm}/protocol/openid-connect/token \
                -d grant_type=client_credentials -d client_id=crm-sync -d client_secret="$GATEHOUSE_DEMO_SECRET" \
                | sed 's/.*"access_token":"\([^"]*\)".*/\1/')
              curl -i {at}/cim-customer/customers -H "Authorization: Bearer $TOKEN"
              curl -i {at}/cim-customer/customers

            Ctrl-C stops it.

            """;
    }
}
