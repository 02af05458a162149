using Gatehouse.Sessions;
using Gatehouse.SignIn.OneTime;
using Gatehouse.Tests.Federation;
using Gatehouse.Tests.Kits;
using Xunit;

namespace Gatehouse.Tests.Facades.Expertflow;

/// <summary>A site that asks nobody to register a second factor: who has one is asked for it all the same.</summary>
public sealed class NoEnrolmentTests
{
    [Fact]
    public async Task Taking_the_setting_away_takes_the_factor_off_nobody()
    {
        await using var desk = await Desk.OpenAsync(with: ExpertflowSite.On());
        var site = await ExpertflowSite.MakeAsync(desk);
        var (plain, half) = (await site.AgentAsync("plain"), await site.AgentAsync("half"));
        var (factors, secret) = (desk.Part<OneTimeStore>(), new byte[Totp.SecretBytes]);
        await factors.PutAsync(Outpost.Realm, half.Id, Channel.App, secret, default);
        Assert.Null(await factors.TryAsync(Outpost.Realm, half.Id, Totp.CodeOf(secret, Totp.StepAt(DateTimeOffset.UtcNow) - 1), default));

        Assert.NotEmpty((await site.LoginAsync("plain", ExpertflowSite.Password)).Token);
        var asked = (await site.LoginAsync("half", ExpertflowSite.Password)).Data;
        Assert.True(asked.GetProperty("is2FARegistered").GetBoolean());
        Assert.False(asked.TryGetProperty("token", out _));
        var right = await site.PostAsync("/agent-manager/agent/validate-otp", $$"""{"username":"half","password":"{{ExpertflowSite.Password}}","otp":"{{Totp.CodeOf(secret, Totp.StepAt(DateTimeOffset.UtcNow))}}"}""");
        Assert.NotEmpty(right.Token);

        // Nobody enrols here, and nobody has a session by trying.
        var other = await site.PostAsync("/agent-manager/agent/validate-otp", $$"""{"username":"plain","password":"{{ExpertflowSite.Password}}","otp":"123456"}""");
        Assert.False(other.Answer.IsSuccessStatusCode);
        var register = await site.PostAsync("/agent-manager/agent/register-phone", $$"""{"username":"plain","password":"{{ExpertflowSite.Password}}","phoneNumber":"491701110001"}""");
        Assert.False(register.Answer.IsSuccessStatusCode);
        Assert.Single((await desk.Part<SessionStore>().ListAsync(Outpost.Realm, plain.Id, null, 10, default)).Items);
    }
}
