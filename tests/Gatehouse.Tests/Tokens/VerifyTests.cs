using System.Text;
using Gatehouse.Storage;
using Gatehouse.Terms;
using Gatehouse.Tests.Kits;
using Gatehouse.Tokens;
using Gatehouse.Wire.Jose;
using Xunit;

namespace Gatehouse.Tests.Tokens;

public sealed class VerifyTests : StoreKit
{
    private const string Issuer = "https://sso.example/realms/contact-centre";

    private readonly SetClock clock = new();

    protected override Task<StorageSettings> NewDatabaseAsync() => Task.FromResult(Sqlite());

    private async Task<Mint> MintAsync() => new(await SecondNodeAsync(clock), clock);

    private long Now => clock.GetUtcNow().ToUnixTimeSeconds();

    private static async Task<string> SignAsync(Mint mint, string claims, string type = "at+jwt", string realm = Realm)
        => (await mint.Node.Keys.SignerAsync(realm, "ES256", Stop)).Sign(Encoding.UTF8.GetBytes(claims), type);

    [Theory]
    [InlineData(0, 0, null)]
    [InlineData(59, 0, null)]
    [InlineData(60, 0, null)]
    [InlineData(61, 0, "token.early")]
    [InlineData(3600, 0, "token.early")]
    [InlineData(-300, 0, null)]
    [InlineData(-300, -59, null)]
    [InlineData(-300, -60, "token.expired")]
    [InlineData(-300, -4000, "token.expired")]
    public async Task Clocks_may_differ_by_a_minute_and_more_is_told_with_its_amount(int issued, int ends, string? reason)
    {
        using var mint = await MintAsync();
        var token = await SignAsync(mint, $$"""{"iss":"{{Issuer}}","sub":"a","aud":"x","iat":{{Now + issued}},"exp":{{(ends == 0 ? Now + 7200 : Now + ends)}}}""");
        var refused = mint.Verify.Check(token, null, out var principal);
        Assert.Equal(reason, refused?.Code);
        Assert.Equal(reason is null, principal is not null);
        if (refused is not null) Assert.Contains($" {Math.Abs(ends == 0 ? issued : ends)} s ", refused.Hint, StringComparison.Ordinal);
        if (reason == "token.early") Assert.Contains("clock", refused!.Hint, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("JWT", """{"iss":"{i}","sub":"a","iat":{n},"exp":{e}}""", "token.type")]
    [InlineData("at+jwt", """{"iss":"{i}","sub":"a","iat":{n}}""", "token.malformed")]
    [InlineData("at+jwt", """{"iss":"{i}","sub":"a","exp":{e}}""", "token.malformed")]
    [InlineData("at+jwt", """{"iss":"{i}","iat":{n},"exp":{e}}""", "token.malformed")]
    [InlineData("at+jwt", """{"sub":"a","iat":{n},"exp":{e}}""", "token.issuer")]
    [InlineData("at+jwt", """{"iss":"https://sso.example/realms/other","sub":"a","iat":{n},"exp":{e}}""", "token.issuer")]
    [InlineData("at+jwt", """{"iss":"https://sso.example/realms/contact-centre/x","sub":"a","iat":{n},"exp":{e}}""", "token.issuer")]
    [InlineData("at+jwt", """{"iss":"https://evil.example/realms/contact-centre","sub":"a","iat":{n},"exp":{e}}""", "token.issuer")]
    [InlineData("at+jwt", """{"iss":"{i}","iss":"{i}","sub":"a","iat":{n},"exp":{e}}""", "token.malformed")]
    public async Task Only_whole_access_tokens_of_ours_count(string type, string claims, string reason)
    {
        using var mint = await MintAsync();
        var token = await SignAsync(mint, claims.Replace("{i}", Issuer, StringComparison.Ordinal).Replace("{n}", $"{Now}", StringComparison.Ordinal).Replace("{e}", $"{Now + 60}", StringComparison.Ordinal), type);
        Assert.Equal(reason, mint.Verify.Check(token, null, out _)!.Code);
    }

    [Fact]
    public async Task Another_realms_key_signs_nothing_here()
    {
        using var mint = await MintAsync();
        await mint.Node.Database.WriteAsync(work => mint.Node.Realms.AddAsync(work, new Realm { Name = "other" }), Stop);
        await mint.Node.Keys.SignerAsync(Realm, "ES256", Stop);
        var claims = $$"""{"iss":"{{Issuer}}","sub":"a","iat":{{Now}},"exp":{{Now + 60}}}""";
        Assert.Equal("token.signature", mint.Verify.Check(await SignAsync(mint, claims, realm: "other"), null, out _)!.Code);
        using var stranger = new JoseSigner(Jwk.Generate("ES256"), "ES256");
        Assert.Equal("token.signature", mint.Verify.Check(stranger.Sign(Encoding.UTF8.GetBytes(claims), "at+jwt"), null, out _)!.Code);
    }

    [Fact]
    public async Task A_signature_that_was_good_lets_no_other_token_in_and_nothing_but_the_signature_is_remembered()
    {
        using var mint = await MintAsync();
        var token = await SignAsync(mint, $$"""{"iss":"{{Issuer}}","sub":"a","jti":"one","iat":{{Now}},"exp":{{Now + 600}}}""");
        for (var again = 0; again < 3; again++) Assert.Null(mint.Verify.Check(token, null, out _));
        var parts = token.Split('.');
        var other = (await SignAsync(mint, $$"""{"iss":"{{Issuer}}","sub":"b","iat":{{Now}},"exp":{{Now + 600}}}""")).Split('.');
        foreach (var forged in (string[])[$"{parts[0]}.{other[1]}.{parts[2]}", $"{parts[0]}.{parts[1]}.{other[2]}", $"{parts[0]}.{parts[1]}.{(parts[2][0] == 'A' ? 'B' : 'A')}{parts[2][1..]}"])
            for (var again = 0; again < 2; again++) Assert.Equal("token.signature", mint.Verify.Check(forged, null, out _)!.Code);
        Assert.Null(mint.Verify.Check(token, null, out _));
        Assert.Equal("token.audience", mint.Verify.Check(token, "elsewhere", out _)!.Code);

        // Its end is its end, however often it was good before.
        clock.Advance(TimeSpan.FromMinutes(12));
        Assert.Equal("token.expired", mint.Verify.Check(token, null, out _)!.Code);
    }

    [Fact]
    public void A_signature_that_was_good_is_so_for_the_key_that_made_it_alone()
    {
        var signatures = new GoodSignatures();
        var key = Jwk.Generate("ES256");
        using var signer = new JoseSigner(key, "ES256");
        using var stranger = new JoseSigner(Jwk.Generate("ES256"), "ES256");
        var token = signer.Sign("{}"u8, "at+jwt");
        Assert.True(Jws.TryParse(token, Gatehouse.Wire.Text.Limits.Default, out var jws, out _));
        using var own = new JoseVerifier(key);
        using var another = new JoseVerifier(Jwk.Generate("ES256"));
        Assert.False(signatures.Holds(token, jws!, another));
        for (var again = 0; again < 3; again++)
        {
            Assert.True(signatures.Holds(token, jws!, own));
            Assert.False(signatures.Holds(token, jws!, another));
        }

        var forged = stranger.Sign("{}"u8, "at+jwt");
        Assert.True(Jws.TryParse(forged, Gatehouse.Wire.Text.Limits.Default, out jws, out _));
        Assert.False(signatures.Holds(forged, jws!, own));
    }

    [Fact]
    public async Task What_an_upstream_gets_is_for_it_alone_and_opens_nothing_here()
    {
        using var mint = await MintAsync();
        var tokens = await mint.BeginAsync();
        Assert.Null(mint.Verify.Check(tokens.AccessToken, null, out var principal));
        var upstream = new UpstreamTokens(mint.Issuers, mint.Node.Keys, mint.Node.Realms, clock);
        var header = await upstream.MintAsync(principal!, Realm, "crm", Stop);
        Assert.StartsWith("Bearer ", header, StringComparison.Ordinal);
        Assert.Equal("token.type", mint.Verify.Check(header["Bearer ".Length..], null, out _)!.Code);
        Assert.Null(mint.Verify.CheckHint(header["Bearer ".Length..], Realm));
        Assert.Same(header, await upstream.MintAsync(principal!, Realm, "crm", Stop));
        Assert.NotEqual(header, await upstream.MintAsync(principal!, Realm, "billing", Stop));
        clock.Advance(TimeSpan.FromSeconds(31));
        Assert.NotSame(header, await upstream.MintAsync(principal!, Realm, "crm", Stop));
    }

    [Fact]
    public async Task A_hint_is_an_id_token_of_the_realm_however_old()
    {
        using var mint = await MintAsync();
        var tokens = await mint.BeginAsync();
        clock.Advance(TimeSpan.FromDays(30));
        Assert.Equal("agent-desk", mint.Verify.CheckHint(tokens.IdToken!, Realm)!.Text("azp"));
        Assert.Null(mint.Verify.CheckHint(tokens.IdToken!, "other"));
        Assert.Null(mint.Verify.CheckHint(tokens.AccessToken, Realm));
        Assert.Null(mint.Verify.CheckHint(tokens.IdToken![..^2] + "AA", Realm));
        Assert.Null(mint.Verify.CheckHint("garbage", Realm));
    }

    [Fact]
    public async Task A_closed_realm_and_its_not_before_end_its_tokens()
    {
        using var mint = await MintAsync();
        var tokens = await mint.BeginAsync();
        await mint.Node.Database.WriteAsync(work => mint.Node.Realms.ChangeAsync(work, mint.Realm with { NotBefore = clock.GetUtcNow().AddSeconds(1) }), Stop);
        Assert.Equal("token.revoked", mint.Verify.Check(tokens.AccessToken, null, out _)!.Code);
        await mint.Node.Database.WriteAsync(work => mint.Node.Realms.ChangeAsync(work, mint.Realm with { NotBefore = null, Enabled = false }), Stop);
        Assert.Equal("token.issuer", mint.Verify.Check(tokens.AccessToken, null, out _)!.Code);
    }
}
