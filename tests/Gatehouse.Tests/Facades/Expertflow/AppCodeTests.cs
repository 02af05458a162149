using System.Net;
using System.Text.Json;
using Gatehouse.SignIn.OneTime;
using Gatehouse.Tests.Federation;
using Gatehouse.Tests.Kits;
using Xunit;

namespace Gatehouse.Tests.Facades.Expertflow;

/// <summary>The second factor by an authenticator app.</summary>
public sealed class AppCodeTests
{
    [Fact]
    public async Task An_app_is_registered_by_its_first_code_and_no_step_counts_twice()
    {
        await using var desk = await Desk.OpenAsync(with: ExpertflowSite.On(""", "secondFactor": "app" """));
        var site = await ExpertflowSite.MakeAsync(desk);
        var user = await site.AgentAsync("alice");
        var half = (await site.LoginAsync("alice", ExpertflowSite.Password)).Data;
        Assert.Equal((false, "app", "2FA registration required"), (half.GetProperty("is2FARegistered").GetBoolean(), half.GetProperty("twoFAChannel").GetString(), half.GetProperty("message").GetString()));
        var picture = half.GetProperty("qrImage").GetString()!;
        Assert.StartsWith("data:image/png;base64,", picture, StringComparison.Ordinal);
        Assert.Equal("\u0089PNG"u8.ToArray()[2..], Convert.FromBase64String(picture["data:image/png;base64,".Length..])[1..4]);
        var secret = half.GetProperty("otpSecret").GetString()!;
        Assert.Matches("^[A-Z2-7]{32}$", secret);

        // Before it is used, each sign-in is shown another: whoever saw the first knows nothing of the one that counts.
        var first = FromBase32(secret);
        secret = (await site.LoginAsync("alice", ExpertflowSite.Password)).Data.GetProperty("otpSecret").GetString()!;
        var key = FromBase32(secret);
        Assert.NotEqual(first, key);
        var step = Totp.StepAt(DateTimeOffset.UtcNow);
        Assert.Equal(HttpStatusCode.Unauthorized, (await ValidateAsync(site, Totp.CodeOf(first, step))).Status);
        var wrong = await ValidateAsync(site, Totp.CodeOf(key, step + 100));
        Assert.Equal((HttpStatusCode.Unauthorized, (OneTimeFault.Wrong, "Invalid OTP.")), (wrong.Status, wrong.Flat));
        var done = await ValidateAsync(site, Totp.CodeOf(key, step));
        Assert.Equal(user.Id, done.User.GetProperty("id").GetString());
        Assert.DoesNotContain(secret, done.Body.ToString(), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.Unauthorized, (await ValidateAsync(site, Totp.CodeOf(key, step))).Status);

        // From now on nothing is shown.
        half = (await site.LoginAsync("alice", ExpertflowSite.Password)).Data;
        Assert.Equal(["username", "is2FARegistered", "twoFAChannel", "message", "ticket"], half.EnumerateObject().Select(one => one.Name));
        Assert.Equal(HttpStatusCode.OK, (await ValidateAsync(site, Totp.CodeOf(key, step + 1))).Status);

        // Nor is a phone a way around it.
        Assert.Equal(HttpStatusCode.BadRequest, (await site.PostAsync("/agent-manager/agent/register-phone", $$"""{"username":"alice","password":"{{ExpertflowSite.Password}}","phoneNumber":"491701234567"}""")).Status);
        Assert.Null((await site.AuditedAsync("SECOND_FACTOR", null, one => one.User == user.Id)).Error);
    }

    [Fact]
    public async Task Who_lost_the_phone_is_let_register_another()
    {
        await using var desk = await Desk.OpenAsync(with: ExpertflowSite.On(""", "secondFactor": "app" """));
        var site = await ExpertflowSite.MakeAsync(desk);
        await site.AgentAsync("alice");
        var secret = (await site.LoginAsync("alice", ExpertflowSite.Password)).Data.GetProperty("otpSecret").GetString()!;
        var done = await ValidateAsync(site, Totp.CodeOf(FromBase32(secret), Totp.StepAt(DateTimeOffset.UtcNow)));
        var told = await Gatehouse.Tests.House.Commands.Program.HereAsync("", "users", "forget-second-factor", "alice", "--realm", Outpost.Realm, "--data", desk.Data);
        Assert.True(told.Code == 0, told.Output + told.Error);
        Assert.Contains("has no second factor any more", told.Output + told.Error, StringComparison.Ordinal);

        // The command is another process: this one hears of it in a moment.
        using var late = new CancellationTokenSource(GateDesk.Patience);
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(25));
        var last = done.RefreshToken;
        while (await site.PostAsync(ExpertflowSite.Refresh, $$"""{"refreshToken":"{{last}}"}""") is { Status: HttpStatusCode.OK } more)
        {
            last = more.RefreshToken;
            await tick.WaitForNextTickAsync(late.Token);
        }
        Assert.NotEqual(secret, (await site.LoginAsync("alice", ExpertflowSite.Password)).Data.GetProperty("otpSecret").GetString());
    }

    [Fact]
    public async Task Without_a_second_factor_its_calls_are_told_so()
    {
        await using var desk = await Desk.OpenAsync(with: ExpertflowSite.On());
        var site = await ExpertflowSite.MakeAsync(desk);
        await site.AgentAsync("alice");
        foreach (var path in (string[])["register-phone", "send-sms-otp", "validate-otp"])
        {
            var reply = await site.PostAsync("/agent-manager/agent/" + path, $$"""{"username":"alice","password":"{{ExpertflowSite.Password}}","otp":"123456","phoneNumber":"491701234567"}""");
            Assert.Equal(HttpStatusCode.BadRequest, reply.Status);
            Assert.Contains("No second factor", reply.Flat.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Who_registered_gives_the_code_when_nobody_is_asked_to_register_any_more()
    {
        await using var desk = await Desk.OpenAsync(with: ExpertflowSite.On());
        var site = await ExpertflowSite.MakeAsync(desk);
        var (user, key) = (await site.AgentAsync("alice"), new byte[20]);
        Assert.True(await desk.Part<OneTimeStore>().PutAsync(Outpost.Realm, user.Id, Channel.App, key, default));
        Assert.Null(await desk.Part<OneTimeStore>().TryAsync(Outpost.Realm, user.Id, Totp.CodeOf(key, Totp.StepAt(DateTimeOffset.UtcNow)), default));
        Assert.Equal("OTP required", (await site.LoginAsync("alice", ExpertflowSite.Password)).Data.GetProperty("message").GetString());
        Assert.Equal((HttpStatusCode.Unauthorized, OneTimeFault.Wrong), (await ValidateAsync(site, "000000") is var wrong ? wrong.Status : default, wrong.Flat.Code));
        Assert.NotEmpty((await ValidateAsync(site, Totp.CodeOf(key, Totp.StepAt(DateTimeOffset.UtcNow) + 1))).Token);
    }

    [Fact]
    public async Task A_desk_that_reads_the_sign_ins_form_alone_gets_it()
    {
        await using var desk = await Desk.OpenAsync(with: ExpertflowSite.On(""", "secondFactor": "app", "flatOneTimeErrors": false """));
        var site = await ExpertflowSite.MakeAsync(desk);
        await site.AgentAsync("alice");
        await site.LoginAsync("alice", ExpertflowSite.Password);
        var reply = await ValidateAsync(site, "000000");
        Assert.Equal((HttpStatusCode.Unauthorized, "Invalid OTP.", OneTimeFault.Wrong), (reply.Status, reply.Reason, reply.Body.GetProperty("error").GetProperty("code").GetString()));
    }

    [Theory]
    [InlineData(""", "secondFactor": "fax" """, "", "facades:expertflow:secondFactor")]
    [InlineData("", """, "signin": { "onetime": { "smsUrl": "http://sms.example.org", "smsAccount": "a", "smsFrom": "b" } }""", "signin:onetime:smsUrl must be https")]
    [InlineData("", """, "signin": { "onetime": { "smsUrl": "https://sms.example.org" } }""", "signin:onetime:smsAccount")]
    [InlineData("", """, "signin": { "onetime": { "smsText": "hello" } }""", "signin:onetime:smsText")]
    [InlineData("", """, "signin": { "onetime": { "smsPrefixes": ["49"] } }""", "signin:onetime:smsPrefixes")]
    [InlineData("", """, "signin": { "onetime": { "tries": 100 } }""", "signin:onetime:tries")]
    public async Task Settings_that_cannot_be_are_told_at_the_start(string more, string root, string key)
    {
        var refused = await Assert.ThrowsAnyAsync<Exception>(async () => await Desk.OpenAsync(with: ExpertflowSite.On(more, root: _ => root)));
        Assert.Contains(key, refused.Message, StringComparison.Ordinal);
    }

    private static Task<ExpertflowSite.Reply> ValidateAsync(ExpertflowSite site, string code) => site.PostAsync("/agent-manager/agent/validate-otp", JsonSerializer.Serialize(new { username = "alice", password = ExpertflowSite.Password, otp = code }));

    private static byte[] FromBase32(string text)
    {
        var (made, bits, held) = (new List<byte>(), 0, 0);
        foreach (var one in text)
        {
            (bits, held) = ((bits << 5) | "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".IndexOf(one, StringComparison.Ordinal), held + 5);
            if (held < 8) continue;
            made.Add((byte)(bits >> (held - 8)));
            (held, bits) = (held - 8, bits & ((1 << (held - 8)) - 1));
        }

        return [.. made];
    }
}
