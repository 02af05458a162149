using System.Collections.Concurrent;
using System.Net;
using System.Text;
using System.Text.Json;
using Gatehouse.People;
using Gatehouse.Sessions;
using Gatehouse.SignIn.OneTime;
using Gatehouse.Tests.Federation;
using Gatehouse.Tests.Kits;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace Gatehouse.Tests.Facades.Expertflow;

/// <summary>The second factor behind Expertflow's calls: by text message, as an unchanged client and as one that knows the ticket; and what must not work.</summary>
public sealed class OneTimeTests(OneTimeTests.Fixture fixture) : IClassFixture<OneTimeTests.Fixture>
{
    private const string Register = "/agent-manager/agent/register-phone";
    private const string Send = "/agent-manager/agent/send-sms-otp";
    private const string Validate = "/agent-manager/agent/validate-otp";

    private ExpertflowSite Site => fixture.Site;

    [Fact]
    public async Task An_unchanged_client_registers_a_phone_and_signs_in()
    {
        var user = await Site.AgentAsync("alice");
        var half = (await Site.LoginAsync("alice", ExpertflowSite.Password)).Data;
        Assert.Equal(["username", "is2FARegistered", "twoFAChannel", "message", "ticket"], half.EnumerateObject().Select(one => one.Name));
        Assert.Equal(("alice", false, "sms", "2FA registration required"), (half.GetProperty("username").GetString(), half.GetProperty("is2FARegistered").GetBoolean(), half.GetProperty("twoFAChannel").GetString(), half.GetProperty("message").GetString()));
        Assert.Empty((await Site.Desk.Part<SessionStore>().ListAsync(Outpost.Realm, user.Id, null, 10, default)).Items);

        var registered = await Site.PostAsync(Register, """{"username":"alice","phoneNumber":"491701110001"}""");
        Assert.Equal((HttpStatusCode.OK, "+491701110001", "OTP required", "+491701110001"), (registered.Status, registered.Body.GetProperty("phoneNumber").GetString(), registered.Body.GetProperty("message").GetString(), registered.Data.GetProperty("phoneNumber").GetString()));
        var code = fixture.CodeFor("+491701110001");
        var done = await ValidateAsync("alice", code);
        Assert.Equal(user.Id, done.User.GetProperty("id").GetString());
        Assert.Equal(["pwd", "otp", "mfa"], (await Site.Desk.Part<SessionStore>().FindAsync(Outpost.Realm, ExpertflowSite.Claims(done.Token).GetProperty("sid").GetString()!, default))!.Methods);
        Assert.NotEmpty(done.RefreshToken);

        // The code counted once.
        var again = await ValidateAsync("alice", code);
        Assert.Equal((HttpStatusCode.NotFound, (OneTimeFault.Wrong, "Invalid OTP.")), (again.Status, again.Flat));

        // From now on she is registered: the code comes with the sign-in, as the vendor's library sends it, and another when the client asks for it with the number that it was told.
        half = (await Site.LoginAsync("alice", ExpertflowSite.Password)).Data;
        Assert.NotEqual(code, fixture.CodeFor("+491701110001"));
        Assert.Equal(2, fixture.Sent.Count(one => one.Form["To"] == "+491701110001"));
        Assert.Equal((true, "OTP required", "+491701110001"), (half.GetProperty("is2FARegistered").GetBoolean(), half.GetProperty("message").GetString(), half.GetProperty("phoneNumber").GetString()));
        var sent = await Site.PostAsync(Send, """{"phoneNumber":"+491701110001"}""");
        Assert.Equal((HttpStatusCode.OK, "OTP sent successfully."), (sent.Status, sent.Body.GetProperty("data").GetString()));
        Assert.Equal(HttpStatusCode.OK, (await ValidateAsync("alice", fixture.CodeFor("+491701110001"))).Status);
        await Site.AuditedAsync("SECOND_FACTOR", null, one => one.User == user.Id && one.Details?["step"] == "sent +…01");
        await Site.AuditedAsync("SECOND_FACTOR_ERROR", OneTimeFault.Wrong, one => one.User == user.Id);
    }

    [Fact]
    public async Task The_message_is_in_the_providers_own_form()
    {
        await Site.AgentAsync("berta");
        await Site.PostAsync(Register, $$"""{"username":"berta","password":"{{ExpertflowSite.Password}}","phoneNumber":"491701110002"}""");
        var message = fixture.Sent.Last(one => one.Form["To"] == "+491701110002");
        Assert.Equal(("/2010-04-01/Accounts/AC0123/Messages.json", "Basic " + Convert.ToBase64String("AC0123:secret-of-the-provider"u8), "+15005550006"), (message.Path, message.Authorization, message.Form["From"]));
        Assert.Matches("^Your sign-in code is [0-9]{6}\\. ", message.Form["Body"]);
        Assert.Equal(["Body", "From", "To"], message.Form.Keys.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task With_the_ticket_neither_name_nor_number_is_needed()
    {
        await Site.AgentAsync("carla");
        var ticket = (await Site.LoginAsync("carla", ExpertflowSite.Password)).Data.GetProperty("ticket").GetString()!;
        Assert.Equal(HttpStatusCode.OK, (await Site.PostAsync(Register, """{"phoneNumber":491701110003}""", headers: "X-Interim-Ticket: " + ticket)).Status);
        Assert.Equal(HttpStatusCode.OK, (await Site.PostAsync(Send, $$"""{"ticket":"{{ticket}}"}""")).Status);
        var reply = await Site.PostAsync(Validate, $$"""{"username":"carla","password":"{{ExpertflowSite.Password}}","otpToValidate":"{{fixture.CodeFor("+491701110003")}}","ticket":"{{ticket}}"}""");
        Assert.Equal(HttpStatusCode.OK, reply.Status);

        // It is no token.
        using var asked = new HttpRequestMessage(HttpMethod.Get, "/agent-manager/agentSetting") { Headers = { { "Authorization", "Bearer " + ticket } } };
        using var answer = await Site.Desk.Http.SendAsync(asked);
        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
    }

    [Fact]
    public async Task Nobody_registers_a_phone_without_the_first_factor()
    {
        var user = await Site.AgentAsync("dora");
        foreach (var body in (string[])["""{"username":"dora","phoneNumber":"491701110004"}""", """{"username":"nobody-at-all","phoneNumber":"491701110004"}""", """{"username":"dora","password":"not-it","phoneNumber":"491701110004"}""", """{"phoneNumber":"491701110004"}"""])
        {
            var reply = await Site.PostAsync(Register, body);
            Assert.Equal((HttpStatusCode.Unauthorized, (OneTimeFault.NoFirstFactor, "Sign in with user name and password first, and go on within minutes.")), (reply.Status, reply.Flat));
        }

        foreach (var ticket in (string[])["nonsense", "", new string('A', 90)])
        {
            var reply = await Site.PostAsync(Register, $$"""{"username":"dora","password":"{{ExpertflowSite.Password}}","phoneNumber":"491701110004","ticket":"{{ticket}}"}""");
            Assert.Equal(HttpStatusCode.Unauthorized, reply.Status);
        }

        Assert.Equal(HttpStatusCode.Unauthorized, (await Site.PostAsync(Send, """{"phoneNumber":"491701110004"}""")).Status);
        Assert.DoesNotContain(fixture.Sent, one => one.Form["To"] == "+491701110004");
        await Site.AuditedAsync("SECOND_FACTOR_ERROR", OneTimeFault.NoFirstFactor, one => one.User == user.Id);
        await Site.AuditedAsync("SECOND_FACTOR_ERROR", OneTimeFault.Ticket);
    }

    [Fact]
    public async Task A_ticket_of_another_is_refused()
    {
        await Site.AgentAsync("elio");
        await Site.AgentAsync("eve");
        var eves = (await Site.LoginAsync("eve", ExpertflowSite.Password)).Data.GetProperty("ticket").GetString()!;
        Assert.Equal(HttpStatusCode.Unauthorized, (await Site.PostAsync(Register, $$"""{"username":"elio","phoneNumber":"491701110005","ticket":"{{eves}}"}""")).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await Site.PostAsync(Validate, $$"""{"username":"elio","password":"{{ExpertflowSite.Password}}","otp":"123456","ticket":"{{eves}}"}""")).Status);
    }

    [Fact]
    public async Task A_phone_is_not_bound_anew()
    {
        var user = await Site.AgentAsync("fiona");
        await RegisterAsync("fiona", "491701110006");
        Assert.Equal(HttpStatusCode.OK, (await ValidateAsync("fiona", fixture.CodeFor("+491701110006"))).Status);
        var reply = await Site.PostAsync(Register, $$"""{"username":"fiona","password":"{{ExpertflowSite.Password}}","phoneNumber":"491709990006"}""");
        Assert.Equal(HttpStatusCode.Forbidden, reply.Status);
        Assert.Contains("registered already", reply.Flat.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(fixture.Sent, one => one.Form["To"] == "+491709990006");
        await Site.AuditedAsync("SECOND_FACTOR_ERROR", OneTimeFault.Bound, one => one.User == user.Id);
    }

    [Fact]
    public async Task Who_guesses_codes_waits_and_the_right_one_waits_too()
    {
        var user = await Site.AgentAsync("gina");
        await RegisterAsync("gina", "491701110007");
        var code = fixture.CodeFor("+491701110007");
        var wrong = code == "000000" ? "000001" : "000000";
        for (var i = 0; i < 5; i++) Assert.Equal(HttpStatusCode.NotFound, (await ValidateAsync("gina", wrong)).Status);
        var reply = await ValidateAsync("gina", code);
        Assert.Equal(((HttpStatusCode)429, "900", OneTimeFault.Wait), (reply.Status, reply.Header("Retry-After"), reply.Flat.Code));
        await Site.AuditedAsync("SECOND_FACTOR_ERROR", OneTimeFault.Wait, one => one.User == user.Id);
        Assert.Empty((await Site.Desk.Part<SessionStore>().ListAsync(Outpost.Realm, user.Id, null, 10, default)).Items);
    }

    [Fact]
    public async Task A_flood_of_messages_is_stopped()
    {
        var user = await Site.AgentAsync("hugo");
        await RegisterAsync("hugo", "491701110008");
        ExpertflowSite.Reply reply;
        var sent = 1;
        while ((reply = await Site.PostAsync(Send, """{"phoneNumber":"491701110008"}""")).Status == HttpStatusCode.OK) Assert.True(++sent <= 6);
        Assert.Equal(((HttpStatusCode)429, 6), (reply.Status, sent));
        Assert.InRange(int.Parse(reply.Header("Retry-After"), System.Globalization.CultureInfo.InvariantCulture), 3000, 3600);
        Assert.Equal(6, fixture.Sent.Count(one => one.Form["To"] == "+491701110008"));

        // Registering is sending: it is under the same cap.
        Assert.Equal((HttpStatusCode)429, (await Site.PostAsync(Register, """{"username":"hugo","phoneNumber":"491701110009"}""")).Status);
        await Site.AuditedAsync("SECOND_FACTOR_ERROR", OneTimeFault.Flood, one => one.User == user.Id);
    }

    [Fact]
    public async Task What_the_sign_in_behind_the_code_refuses_is_in_the_sign_ins_form()
    {
        await Site.AgentAsync("lisa");
        await Site.AddAsync("teamless", ["agent"], ["agents_permission"]);
        foreach (var (name, password, status) in ((string, string, HttpStatusCode)[])[("lisa", "not-it", HttpStatusCode.Unauthorized), ("nobody-at-all", "not-it", HttpStatusCode.Unauthorized), ("teamless", ExpertflowSite.Password, HttpStatusCode.Forbidden)])
        {
            var reply = await Site.PostAsync(Validate, JsonSerializer.Serialize(new { username = name, password, otp = "123456" }));
            Assert.Equal(status, reply.Status);
            Assert.NotEmpty(reply.Reason);
        }
    }

    [Fact]
    public async Task Where_no_code_can_be_sent_a_sign_in_does_not_ask_for_one()
    {
        await Site.AgentAsync("mona");
        await RegisterAsync("mona", "491701110012");
        Assert.Equal(HttpStatusCode.OK, (await ValidateAsync("mona", fixture.CodeFor("+491701110012"))).Status);
        fixture.Down = "+491701110012";
        var reply = await Site.LoginAsync("mona", ExpertflowSite.Password);
        fixture.Down = "";
        Assert.Equal((HttpStatusCode.BadRequest, "The OTP could not be sent."), (reply.Status, reply.Reason));
    }

    [Fact]
    public async Task Who_has_an_app_is_answered_as_apps_are_wherever_phones_are_the_rule()
    {
        var user = await Site.AgentAsync("nils");
        Assert.True(await Site.Desk.Part<OneTimeStore>().PutAsync(Outpost.Realm, user.Id, Channel.App, new byte[20], default));
        var reply = await ValidateAsync("nils", "wrong!");
        Assert.Equal((HttpStatusCode.Unauthorized, (OneTimeFault.Wrong, "Invalid OTP.")), (reply.Status, reply.Flat));
        await Site.AgentAsync("olaf");
        reply = await ValidateAsync("olaf", "123456");
        Assert.Equal((HttpStatusCode.NotFound, OneTimeFault.None), (reply.Status, reply.Flat.Code));
    }

    [Fact]
    public async Task A_code_without_the_password_opens_nothing()
    {
        await Site.AgentAsync("ida");
        await RegisterAsync("ida", "491701110010");
        var code = fixture.CodeFor("+491701110010");
        Assert.Equal(HttpStatusCode.BadRequest, (await Site.PostAsync(Validate, $$"""{"username":"ida","otp":"{{code}}"}""")).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await Site.PostAsync(Validate, $$"""{"username":"ida","password":"not-it","otp":"{{code}}"}""")).Status);

        // A wrong password used nothing up.
        Assert.Equal(HttpStatusCode.OK, (await ValidateAsync("ida", code)).Status);

        // Neither does unified-admin's call lead around the second factor.
        Assert.False((await Site.LoginAsync("ida", ExpertflowSite.Password, ExpertflowSite.KeycloakLogin)).Data.TryGetProperty("token", out _));
    }

    [Theory]
    [InlineData("12")]
    [InlineData("+49 170 1234567")]
    [InlineData("0170123456")]
    [InlineData("491701234567;DROP")]
    [InlineData("+8821612345678")] // a satellite's, dear: not among smsPrefixes
    public async Task What_is_no_number_is_refused(string number)
    {
        var name = "jo" + Guid.NewGuid().ToString("n");
        await Site.AgentAsync(name);
        var reply = await Site.PostAsync(Register, JsonSerializer.Serialize(new { username = name, password = ExpertflowSite.Password, phoneNumber = number }));
        Assert.Equal((HttpStatusCode.BadRequest, (OneTimeFault.NotAPhone, "Invalid phone number")), (reply.Status, reply.Flat));
    }

    [Fact]
    public async Task A_message_that_cannot_be_sent_is_told_so()
    {
        await Site.AgentAsync("kim");
        var reply = await Site.PostAsync(Register, $$"""{"username":"kim","password":"{{ExpertflowSite.Password}}","phoneNumber":"491709999999"}""");
        Assert.Equal((HttpStatusCode.BadRequest, (OneTimeFault.NotSent, "The OTP could not be sent.")), (reply.Status, reply.Flat));
    }

    public static TheoryData<string, string> Hostile => new()
    {
        { "", "application/json" }, { "[]", "application/json" }, { "{}", "application/json" }, { """{"username":"a","username":"b"}""", "application/json" }, { """{"phoneNumber":{}}""", "application/json" }, { """{"a":[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]}""", "application/json" },
        { "phoneNumber=491701234567", "application/x-www-form-urlencoded" }, { $$"""{"username":"{{new string('a', 100_000)}}"}""", "application/json" },
    };

    [Theory, MemberData(nameof(Hostile))]
    public async Task What_is_no_call_is_told_so_in_the_vendors_form(string body, string type)
    {
        foreach (var path in (string[])[Register, Send, Validate])
        {
            var reply = await Site.PostAsync(path, body, type);
            Assert.Equal(HttpStatusCode.BadRequest, reply.Status);
            Assert.Equal("invalid_request", reply.Flat.Code);
        }
    }

    private async Task RegisterAsync(string name, string phone)
    {
        await Site.LoginAsync(name, ExpertflowSite.Password);
        Assert.Equal(HttpStatusCode.OK, (await Site.PostAsync(Register, $$"""{"username":"{{name}}","phoneNumber":"{{phone}}"}""")).Status);
    }

    private Task<ExpertflowSite.Reply> ValidateAsync(string name, string code) => Site.PostAsync(Validate, JsonSerializer.Serialize(new { username = name, password = ExpertflowSite.Password, otp = code }));

    public sealed class Fixture : IAsyncLifetime
    {
        private FixedServer messages = null!;

        internal ExpertflowSite Site { get; private set; } = null!;

        /// <summary>A number to which nothing can be sent.</summary>
        internal string Down { get; set; } = "";

        internal ConcurrentQueue<(string Path, string Authorization, Dictionary<string, string> Form)> Sent { get; } = new();

        /// <summary>The code of the last message to a number.</summary>
        internal string CodeFor(string phone) => System.Text.RegularExpressions.Regex.Match(Sent.Last(one => one.Form["To"] == phone).Form["Body"], "[0-9]{6}").Value;

        public async ValueTask InitializeAsync()
        {
            messages = await FixedServer.StartAsync(async context =>
            {
                using var reader = new StreamReader(context.Request.Body);
                var form = (await reader.ReadToEndAsync()).Split('&').Select(pair => pair.Split('=')).ToDictionary(pair => WebUtility.UrlDecode(pair[0]), pair => WebUtility.UrlDecode(pair[1]), StringComparer.Ordinal);
                context.Response.ContentType = "application/json";
                if (form["To"] == "+491709999999" || form["To"] == Down)
                {
                    context.Response.StatusCode = 400;
                    await context.Response.WriteAsync("""{"code":21211,"message":"Invalid 'To' Phone Number","status":400}""");
                    return;
                }

                Sent.Enqueue((context.Request.Path, context.Request.Headers.Authorization.ToString(), form));
                context.Response.StatusCode = 201;
                await context.Response.WriteAsync("""{"sid":"SM01","status":"queued"}""");
            });
            Site = await ExpertflowSite.MakeAsync(await Desk.OpenAsync(with: ExpertflowSite.On(""", "secondFactor": "sms" """, root: options =>
            {
                var file = Path.Combine(options.Data, "sms.secret");
                File.WriteAllText(file, "secret-of-the-provider\n");
                File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
                return $$""", "signin": { "onetime": { "smsUrl": "{{messages.Url}}", "smsAccount": "AC0123", "smsFrom": "+15005550006", "smsSecretFile": "{{file}}", "cooldown": "00:00:00", "smsPrefixes": ["+49"] } }""";
            })));
        }

        public async ValueTask DisposeAsync()
        {
            await Site.Desk.DisposeAsync();
            await messages.DisposeAsync();
        }
    }
}
