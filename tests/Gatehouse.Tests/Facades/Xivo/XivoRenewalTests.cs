using System.Net;
using System.Text.Json;
using Gatehouse.Clients;
using Gatehouse.Federation;
using Gatehouse.Storage;
using Gatehouse.Terms;
using Gatehouse.Tests.Federation;
using Gatehouse.Tests.Kits;
using Xunit;

namespace Gatehouse.Tests.Facades.Xivo;

/// <summary><c>auth/check</c> renews what was made at XiVO's addresses, and nothing that was cut of it.</summary>
public sealed class XivoRenewalTests : IAsyncLifetime
{
    private const string Secret = "secret-of-the-client-xivo";

    private XivoSite Site { get; set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Site = await XivoSite.MakeAsync(await Desk.OpenAsync(with: XivoSite.On()));
        var store = Site.Desk.Part<ClientStore>();
        var client = (await store.FindByClientIdAsync(Outpost.Realm, "xivo", default))!;
        await Site.Desk.Part<Database>().WriteAsync(async work =>
        {
            await store.SetSecretAsync(work, Outpost.Realm, client.Id, new Secret(Secret));
            return await store.ChangeAsync(work, client with { Audiences = ["xuc", "recording"] });
        }, default);
        await Site.Desk.Part<ChangeFeed>().CatchUpAsync(default);
    }

    public ValueTask DisposeAsync() => Site.Desk.DisposeAsync();

    [Fact]
    public async Task A_check_makes_no_cut_token_whole()
    {
        await Site.AddAsync("carla");
        var full = await Site.TokenAsync("carla");
        using var form = new FormUrlEncodedContent([
            new("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"), new("subject_token_type", ProofType.AccessToken), new("subject_token", full), new("audience", "recording"), new("client_id", "xivo"), new("client_secret", Secret),
        ]);
        using var answer = await Site.Desk.Http.PostAsync($"/realms/{Outpost.Realm}/protocol/openid-connect/token", form);
        var cut = JsonDocument.Parse(await answer.Content.ReadAsStringAsync()).RootElement.GetProperty("access_token").GetString()!;
        Assert.Equal("recording", XivoSite.Claims(cut).GetProperty("aud").GetString());

        var refused = await Site.CheckAsync(cut);
        Assert.Equal((HttpStatusCode.Unauthorized, "InvalidToken"), (refused.Status, refused.Error));
        await Site.AuditedAsync("LOGIN_ERROR", "token.door", one => one.Client == "xivo");

        // The whole one is, again and again.
        for (var i = 0; i < 3; i++) full = (await Site.CheckAsync(full)).Token!;
        Assert.Equal(2, XivoSite.Claims(full).GetProperty("aud").GetArrayLength());
    }
}
