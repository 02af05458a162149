using System.Net;
using AngleSharp.Dom;
using AngleSharp.Html.Parser;
using Gatehouse.Federation;
using Gatehouse.People;
using Gatehouse.Sessions;
using Gatehouse.SignIn;
using Gatehouse.SignIn.OneTime;
using Gatehouse.SignIn.Steps;
using Gatehouse.Storage;
using Gatehouse.Tests.Facades.Expertflow;
using Gatehouse.Tests.Federation;
using Gatehouse.Tests.Kits;
using Microsoft.AspNetCore.Http;
using Xunit;
using Browser = Gatehouse.Tests.Kits.Browser;
using Proof = Gatehouse.SignIn.Proof;

namespace Gatehouse.Tests.Portal;

/// <summary>Who confirmed a second factor is asked for its code after the password, and nothing has begun before it is right.</summary>
public sealed class CodePageTests(CodePageTests.Fixture fixture) : IClassFixture<CodePageTests.Fixture>
{
    private Desk Desk => fixture.Desk;

    [Fact]
    public async Task The_code_of_an_app_is_asked_for_counts_once_and_stands_in_the_token()
    {
        var (name, secret) = await fixture.PersonAsync("nora");
        using var browser = new Browser(Desk);
        var (page, at) = await HalfAsync(browser, name);
        Assert.EndsWith("/sign-in/code", at.AbsolutePath, StringComparison.Ordinal);
        Assert.Empty(browser.SessionCookie);
        Assert.Equal("Enter your code", (await ReadAsync(page)).QuerySelector("h1")!.TextContent);

        using var wrong = await SendAsync(browser, page, at, "000000");
        Assert.Equal(HttpStatusCode.Unauthorized, wrong.StatusCode);
        Assert.Equal(("true", "error"), await ReadAsync(wrong) is var again && again.QuerySelector("#code") is { } field ? (field.GetAttribute("aria-invalid"), field.GetAttribute("aria-describedby")) : default);
        Assert.Empty(browser.SessionCookie);

        var code = CodeOf(secret);
        using var right = await SendAsync(browser, wrong, at, $"{code[..3]} {code[3..]}");
        Assert.Equal(HttpStatusCode.SeeOther, right.StatusCode);
        var landed = (await browser.FollowAsync(right.Headers.Location!.ToString())).At;
        var (_, tokens) = await browser.RedeemAsync(Browser.Query(landed, "code"));
        Assert.Equal(["pwd", "otp", "mfa"], ExpertflowSite.Claims(tokens.GetProperty("id_token").GetString()!).GetProperty("amr").EnumerateArray().Select(one => one.GetString()));

        // Somebody who has the password and saw the code is late.
        using var other = new Browser(Desk);
        (page, at) = await HalfAsync(other, name);
        using var late = await SendAsync(other, page, at, code);
        Assert.Equal((HttpStatusCode.Unauthorized, ""), (late.StatusCode, other.SessionCookie));
    }

    [Fact]
    public async Task Nobody_else_goes_on_with_half_a_sign_in_and_no_address_leads_past_the_code()
    {
        var (name, secret) = await fixture.PersonAsync("oda");
        using var browser = new Browser(Desk);
        var (page, at) = await HalfAsync(browser, name);

        // Whoever was sent the address types a password of their own.
        using var thief = new Browser(Desk);
        var (shown, where) = await thief.FollowAsync(at.PathAndQuery);
        Assert.Contains("name=\"password\"", await shown.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.EndsWith("/sign-in", where.AbsolutePath, StringComparison.Ordinal);

        // Back, reload, the way on: all lead to the same question.
        var i = Browser.Query(at, "i");
        foreach (var path in (string[])[$"/realms/{Desk.Realm}/sign-in?i={i}", $"/realms/{Desk.Realm}/sign-in/code?i={i}"]) Assert.EndsWith("/sign-in/code", (await browser.FollowAsync(path)).At.AbsolutePath, StringComparison.Ordinal);
        using var resumed = await browser.GetAsync($"/realms/{Desk.Realm}/protocol/openid-connect/auth/resume?i={i}");
        Assert.Equal(HttpStatusCode.BadRequest, resumed.StatusCode);
        using var outside = await browser.GetAsync($"/realms/{Desk.Realm}/sign-in/code?i={i}&back=https://evil.example/");
        Assert.Equal(HttpStatusCode.BadRequest, outside.StatusCode);

        // Forged posts change nothing.
        (page, at) = await HalfAsync(browser, name);
        using var forged = await SendAsync(browser, page, at, CodeOf(secret), mark: "a.b");
        Assert.Equal((HttpStatusCode.Forbidden, ""), (forged.StatusCode, browser.SessionCookie));
        using var good = await SendAsync(browser, page, at, CodeOf(secret));
        Assert.Equal(HttpStatusCode.SeeOther, good.StatusCode);
    }

    [Theory]
    [InlineData("password"), InlineData("disabled"), InlineData("forgotten")]
    public async Task What_changes_in_between_counts(string what)
    {
        var (name, secret) = await fixture.PersonAsync("petra-" + what);
        var user = (await Desk.Part<Users>().FindByNameAsync(Desk.Realm, name, default))!;
        using var browser = new Browser(Desk);
        var (page, at) = await HalfAsync(browser, name);
        var hash = await Desk.Part<Passwords>().HashAsync("another-password-1", default);
        await Desk.Part<Database>().WriteAsync(async work =>
        {
            if (what == "password") await Desk.Part<Users>().SetPasswordHashAsync(work, Desk.Realm, user.Id, hash, false);
            else if (what == "disabled") await Desk.Part<Users>().ChangeAsync(work, user with { Enabled = false });
            else await Desk.Part<OneTimeStore>().ForgetAsync(work, Desk.Realm, user.Id);
            return true;
        }, default);
        using var answer = await SendAsync(browser, page, at, CodeOf(secret));
        Assert.Equal(HttpStatusCode.SeeOther, answer.StatusCode);
        Assert.EndsWith("/sign-in", new Uri(Desk.Url, answer.Headers.Location!).AbsolutePath, StringComparison.Ordinal);
        Assert.Empty(browser.SessionCookie);
    }

    [Fact]
    public async Task Codes_are_guessed_five_times_and_then_not_even_the_right_one_counts()
    {
        var (name, secret) = await fixture.PersonAsync("quinn");
        using var browser = new Browser(Desk);
        var (page, at) = await HalfAsync(browser, name);
        for (var i = 0; i < 5; i++)
        {
            using var wrong = await SendAsync(browser, page, at, $"00000{i}");
            Assert.Equal(HttpStatusCode.Unauthorized, wrong.StatusCode);
        }

        using var late = await SendAsync(browser, page, at, CodeOf(secret));
        Assert.Equal((HttpStatusCode.TooManyRequests, ""), (late.StatusCode, browser.SessionCookie));
    }

    [Fact]
    public async Task A_message_is_sent_once_and_the_page_shows_two_digits_of_the_number()
    {
        var name = await fixture.PersonWithPhoneAsync("rosa", "+491701117742");
        using var browser = new Browser(Desk);
        var before = fixture.SentTo("+491701117742");
        var (page, at) = await HalfAsync(browser, name);
        var text = await page.Content.ReadAsStringAsync();
        Assert.Contains("ends in 42", text, StringComparison.Ordinal);
        Assert.DoesNotContain("7742", text, StringComparison.Ordinal);
        Assert.Equal(before + 1, fixture.SentTo("+491701117742"));

        // A reload sends none; another one is sent when the person asks, and not at once.
        (page, at) = await browser.FollowAsync(at.PathAndQuery);
        using var soon = await SendAsync(browser, page, at, "", "send");
        Assert.Equal((HttpStatusCode.TooManyRequests, before + 1), (soon.StatusCode, fixture.SentTo("+491701117742")));
        using var right = await SendAsync(browser, page, at, fixture.CodeTo("+491701117742"));
        Assert.Equal(HttpStatusCode.SeeOther, right.StatusCode);
        var session = await Desk.Part<SessionStore>().FindByCookieAsync(Desk.Realm, browser.SessionCookie, default);
        Assert.Equal(["pwd", "sms", "mfa"], session!.Methods);
    }

    [Fact]
    public async Task A_message_that_cannot_be_sent_is_told_and_somebody_else_may_sign_in()
    {
        var name = await fixture.PersonWithPhoneAsync("sara", Fixture.Dead);
        using var browser = new Browser(Desk);
        var (page, at) = await HalfAsync(browser, name);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, page.StatusCode);
        Assert.Contains("could not be sent", await page.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        using var away = await SendAsync(browser, page, at, "", "again");
        var (form, there) = await browser.FollowAsync(away.Headers.Location!.ToString());
        Assert.EndsWith("/sign-in", there.AbsolutePath, StringComparison.Ordinal);
        using var other = await browser.SubmitAsync(form, there, "alice", Desk.Password);
        Assert.NotEmpty(browser.SessionCookie);
    }

    [Fact]
    public async Task An_identity_from_elsewhere_is_linked_after_the_code_and_not_after_the_password()
    {
        var outpost = await Outpost.MakeAsync(Desk);
        await outpost.AddAsync("elsewhere", "cas", new Dictionary<string, string> { ["url"] = "http://127.0.0.1:9/cas" });
        var user = await outpost.AddUserAsync("tilda", Desk.Password);
        var secret = await fixture.ConfirmAsync(Outpost.Realm, user.Id);
        var (realm, origin) = (Desk.Part<Realms>().Find(Outpost.Realm)!, new Origin("127.0.0.1", "test", null, null, "browser-1"));
        var interaction = await Desk.Part<Interactions>().KeepAsync(new Interaction { Id = "", Realm = Outpost.Realm, ResumePath = "/", Pending = new PendingLink("elsewhere", new UpstreamIdentity { Subject = "t-1", Username = "tilda" }, "browser-1") }, TimeSpan.FromMinutes(5), default);
        Assert.IsType<PasswordOutcome.SecondHalf>(await Desk.Part<PasswordStep>().TryAsync(realm, interaction, "tilda", Desk.Password, origin, null, default));
        Assert.Empty(await LinksAsync(user.Id));

        var half = (await Desk.Part<Interactions>().FindAsync(Outpost.Realm, interaction.Id, default))!;
        Assert.IsType<CodeOutcome.Over>(await Desk.Part<CodeStep>().TryAsync(realm, half, CodeOf(secret), origin with { Browser = "browser-2" }, null, default));
        Assert.IsType<CodeOutcome.In>(await Desk.Part<CodeStep>().TryAsync(realm, half, CodeOf(secret), origin, null, default));
        Assert.Single(await LinksAsync(user.Id));
    }

    private async Task<IReadOnlyList<Link>> LinksAsync(string user) => await Desk.Part<Links>().OfUserAsync(Outpost.Realm, user, default);

    private static string CodeOf(byte[] secret) => Totp.CodeOf(secret, Totp.StepAt(DateTimeOffset.UtcNow));

    private static async Task<IDocument> ReadAsync(HttpResponseMessage page) => await new HtmlParser().ParseDocumentAsync(await page.Content.ReadAsStringAsync());

    private static async Task<(HttpResponseMessage Page, Uri At)> HalfAsync(Browser browser, string name)
    {
        var (page, at) = await browser.FollowAsync(browser.Authorize());
        using var answer = await browser.SubmitAsync(page, at, name, Desk.Password);
        Assert.Equal(HttpStatusCode.SeeOther, answer.StatusCode);
        return await browser.FollowAsync(answer.Headers.Location!.ToString());
    }

    private static async Task<HttpResponseMessage> SendAsync(Browser browser, HttpResponseMessage page, Uri at, string code, string? press = null, string? mark = null)
    {
        var form = (await ReadAsync(page)).QuerySelector("form")!;
        List<KeyValuePair<string, string>> fields = [new("mark", mark ?? form.QuerySelector("[name=mark]")!.GetAttribute("value")!), new("code", code)];
        if (press is not null) fields.Add(new("do", press));
        return await browser.PostAsync(new Uri(at, form.GetAttribute("action")!).PathAndQuery, fields);
    }

    public sealed class Fixture : IAsyncLifetime
    {
        public const string Dead = "+491709999999";

        private readonly System.Collections.Concurrent.ConcurrentQueue<(string To, string Body)> sent = new();
        private FixedServer messages = null!;

        public Desk Desk { get; private set; } = null!;

        public int SentTo(string phone) => sent.Count(one => one.To == phone);

        public string CodeTo(string phone) => System.Text.RegularExpressions.Regex.Match(sent.Last(one => one.To == phone).Body, "[0-9]{6}").Value;

        public async ValueTask InitializeAsync()
        {
            messages = await FixedServer.StartAsync(async context =>
            {
                var form = await context.Request.ReadFormAsync();
                if (form["To"] != Dead) sent.Enqueue((form["To"].ToString(), form["Body"].ToString()));
                context.Response.StatusCode = form["To"] == Dead ? 400 : 201;
                context.Response.ContentType = "application/json";
                await context.Response.WriteAsync(form["To"] == Dead ? """{"code":21211,"message":"Invalid 'To' Phone Number","status":400}""" : """{"sid":"SM01","status":"queued"}""");
            });
            Desk = await Desk.OpenAsync(with: options =>
            {
                var file = Path.Combine(options.Data, "sms.secret");
                File.WriteAllText(file, "secret-of-the-provider\n");
                File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
                File.WriteAllText(Path.Combine(options.Data, "gatehouse.json"), $$"""{ "signin": { "onetime": { "smsUrl": "{{messages.Url}}", "smsAccount": "AC0123", "smsFrom": "+15005550006", "smsSecretFile": "{{file}}", "cooldown": "00:01:00" } } }""");
                return options;
            });
        }

        /// <summary>A person of the demo's realm with a confirmed app.</summary>
        public async Task<(string Name, byte[] Secret)> PersonAsync(string name) => (name, await ConfirmAsync(Desk.Realm, await AddAsync(name)));

        /// <summary>A person of the demo's realm with a confirmed phone.</summary>
        public async Task<string> PersonWithPhoneAsync(string name, string phone)
        {
            var user = await AddAsync(name);
            await Desk.Part<OneTimeStore>().PutAsync(Desk.Realm, user, Channel.Sms, System.Text.Encoding.UTF8.GetBytes(phone), default);
            await Desk.Part<OneTimeStore>().IssueAsync(Desk.Realm, user, phone, "elsewhere", "123456", default);
            Assert.Null(await Desk.Part<OneTimeStore>().TryAsync(Desk.Realm, user, "123456", default));
            await Desk.Part<Database>().WriteAsync(work => Dapper.SqlMapper.ExecuteAsync(work.Connection, "delete from one_time_sends", null, work.Transaction), default);
            return name;
        }

        /// <summary>Confirms an app by a code of the step before, so that the present one is still good.</summary>
        public async Task<byte[]> ConfirmAsync(string realm, string user)
        {
            var secret = System.Security.Cryptography.RandomNumberGenerator.GetBytes(Totp.SecretBytes);
            await Desk.Part<OneTimeStore>().PutAsync(realm, user, Channel.App, secret, default);
            Assert.Null(await Desk.Part<OneTimeStore>().TryAsync(realm, user, Totp.CodeOf(secret, Totp.StepAt(DateTimeOffset.UtcNow) - 1), default));
            return secret;
        }

        public async ValueTask DisposeAsync()
        {
            await Desk.DisposeAsync();
            await messages.DisposeAsync();
        }

        private async Task<string> AddAsync(string name)
        {
            var user = new User { Id = Guid.NewGuid().ToString(), Realm = Desk.Realm, Username = name, Enabled = true };
            var hash = await Desk.Part<Passwords>().HashAsync(Desk.Password, default);
            await Desk.Part<Database>().WriteAsync(async work =>
            {
                await Desk.Part<Users>().AddAsync(work, user);
                await Desk.Part<Users>().SetPasswordHashAsync(work, Desk.Realm, user.Id, hash, false);
                return true;
            }, default);
            return user.Id;
        }
    }
}
