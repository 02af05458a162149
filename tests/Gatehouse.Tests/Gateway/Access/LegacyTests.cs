using Gatehouse.Credentials.Kinds;
using Gatehouse.Gateway.Access;
using Gatehouse.Policy;
using Gatehouse.Terms;
using Gatehouse.Tests.Kits;
using Xunit;

namespace Gatehouse.Tests.Gateway.Access;

/// <summary>Shared secrets in the access file: read strictly, never repeated, judged by the day and by their strength.</summary>
public sealed class LegacyTests
{
    private const string Hush = "Zq8vN4tR7wXb2LkPm5cYd9GhJf3sUa6E";

    [Theory]
    [InlineData("access.legacy", "values: [\"" + Hush + "\"], until: 2027-06-30")]
    [InlineData("access.legacy", "values: [\"env:" + Hush + " x\"], until: 2027-06-30")]
    [InlineData("access.legacy", "values: [\"file:#" + Hush + "\"], until: 2027-06-30")]
    [InlineData("access.legacy", "values: [\"env:A\", \"env:A\"], until: 2027-06-30")]
    [InlineData("access.legacy", "values: [\"env:A\", \"env:B\", \"env:C\", \"env:D\", \"env:E\"], until: 2027-06-30")]
    [InlineData("access.legacy", "values: [], until: 2027-06-30")]
    [InlineData("access.legacy", "until: 2027-06-30")]
    [InlineData("access.legacy", "values: [\"env:A\"], in: [\"query:token\"], until: 2027-06-30")]
    [InlineData("access.legacy", "values: [\"env:A\"], in: [\"header:Cookie\"], until: 2027-06-30")]
    [InlineData("access.legacy", "values: [\"env:A\"], in: [\"header:X Y\"], until: 2027-06-30")]
    [InlineData("access.legacy", "values: [\"env:A\"], in: [], until: 2027-06-30")]
    [InlineData("access.until", "values: [\"env:A\"]")]
    [InlineData("access.until", "values: [\"env:A\"], until: never")]
    [InlineData("access.until", "values: [\"env:A\"], until: 2027-02-30")]
    [InlineData("access.until", "values: [\"env:A\"], until: 30.06.2027")]
    [InlineData("access.unknown-key", "values: [\"env:A\"], until: 2027-06-30, secret: x")]
    public void What_is_wrong_is_told_with_its_line_and_without_the_secret(string code, string text)
    {
        var (file, findings) = AccessReader.Read(Of(text));
        Assert.Null(file);
        Assert.Contains(findings, finding => finding.Code == code && finding.Line == 2);
        Assert.DoesNotContain(findings, finding => finding.Message.Contains(Hush, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("accept: [\"legacy:other\"]", "service.accept")]
    [InlineData("accept: [\"legacy:\"]", "service.accept")]
    [InlineData("accept: [legacy]", "service.accept")]
    [InlineData("pass-secret: other", "service.pass-secret")]
    [InlineData("pass-secret: yes", "service.pass-secret")]
    [InlineData("pass-secret: true, identity: [\"header:x-auth-token\"]", "service.pass-secret")]
    public void A_service_names_a_secret_that_there_is(string words, string code)
    {
        var (file, findings) = AccessReader.Read(Of("values: [\"env:A\"], until: 2027-06-30", words));
        Assert.Null(file);
        Assert.Contains(findings, finding => finding.Code == code);
    }

    [Fact]
    public void A_secret_that_no_service_accepts_is_told()
        => Assert.Contains(AccessReader.Read(Of("values: [\"env:A\"], until: 2027-06-30", "accept: token")).Findings, finding => finding.Code == "legacy.unused");

    [Theory]
    [InlineData("2027-02-28", "2027-03-01", "legacy.over")]
    [InlineData("2027-03-01", "2027-03-01", "legacy.near")]
    [InlineData("2027-03-31", "2027-03-01", "legacy.near")]
    [InlineData("2027-04-01", "2027-03-01", null)]
    [InlineData("2028-03-01", "2027-03-01", null)]
    [InlineData("2028-03-02", "2027-03-01", "legacy.far")]
    [InlineData("9999-12-31", "2027-03-01", "legacy.far")]
    public void The_end_is_told_when_it_is_past_near_or_far(string until, string today, string? code)
    {
        var file = AccessReader.Read(Of($"values: [\"env:GATEHOUSE_TEST_NONE\"], until: {until}")).File!;
        Assert.Equal(code, LegacyLint.Now(file, DateTimeOffset.Parse(today + "T12:00:00Z")).SingleOrDefault()?.Code);
    }

    [Fact]
    public void Weak_values_are_told_and_missing_ones_refuse_the_file()
    {
        var folder = Directory.CreateTempSubdirectory("gatehouse-env-").FullName;
        var (env, plain) = (Path.Combine(folder, "custom.env"), Path.Combine(folder, "secret"));
        try
        {
            var file = AccessReader.Read(Of($"values: [\"file:{env}#A\", \"file:{plain}\"], until: 2027-06-30")).File!;
            Assert.Contains("cannot be read", LegacyValues.Missing(file)!.Message);
            File.WriteAllText(env, "B=x\nA=\n");
            Assert.Contains("is empty there", LegacyValues.Missing(file)!.Message);
            File.WriteAllText(env, "A='no header carries this'\n");
            Assert.Contains("no header carries", LegacyValues.Missing(file)!.Message);
            File.WriteAllText(plain, Hush + "\n");
            Assert.Null(LegacyValues.Missing(file));
            Assert.Equal([new Secret(Hush)], LegacyValues.Alive(LegacyValues.Read(file.Legacies["play"])));
            foreach (var weak in (string[])["changeme", "fifteen-chars-x"])
            {
                File.WriteAllText(env, "A=" + weak);
                var told = Assert.Single(LegacyLint.Now(file, DateTimeOffset.Parse("2027-03-01T12:00:00Z")));
                Assert.Equal("legacy.weak", told.Code);
                Assert.DoesNotContain(weak, told.Message);
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task A_secret_counts_through_its_last_day_and_not_a_moment_longer()
    {
        var clock = new SetClock();
        var secret = new LegacySecret("r", "play", clock);
        var sent = new Gatehouse.Credentials.Credential(Gatehouse.Credentials.CredentialKind.SharedSecret, Gatehouse.Credentials.CredentialPlace.Header, "X", new Secret(Hush));
        Assert.Equal(Reasons.TokenSecret, Assert.IsType<Gatehouse.Credentials.Verdict.Rejected>(await secret.VerifyAsync(sent, default)).Reason);
        secret.Take([new Secret("another"), new Secret(Hush)], ["r"], new Legacy { Name = "play", Until = DateOnly.FromDateTime(clock.GetUtcNow().UtcDateTime) }.End);
        var principal = Assert.IsType<Gatehouse.Credentials.Verdict.Accepted>(await secret.VerifyAsync(sent, default)).Principal;
        Assert.False(secret.IsCurrent(principal));
        secret.Take([new Secret(Hush)], ["r"], secret.Until);
        Assert.True(secret.IsCurrent(principal));
        clock.Advance(secret.Until - clock.GetUtcNow() - TimeSpan.FromTicks(1));
        Assert.True(secret.StillStands(principal));
        clock.Advance(TimeSpan.FromTicks(1));
        Assert.False(secret.StillStands(principal));
        Assert.False(await secret.LivesAsync(principal, sent, default));
        Assert.Equal(Reasons.TokenSecretOver, Assert.IsType<Gatehouse.Credentials.Verdict.Rejected>(await secret.VerifyAsync(sent, default)).Reason);
    }

    [Theory]
    [InlineData(PrincipalKind.Legacy, "legacy:play", null, true)]
    [InlineData(PrincipalKind.Legacy, "legacy:other", null, false)]
    [InlineData(PrincipalKind.Service, "x", "crm", true)]
    [InlineData(PrincipalKind.Service, "legacy:play", "other", false)]
    [InlineData(PrincipalKind.Service, "x", "legacy:play", false)]
    [InlineData(PrincipalKind.User, "legacy:play", null, false)]
    public void A_rule_names_a_secret_beside_clients_and_no_client_passes_for_one(PrincipalKind kind, string subject, string? client, bool allowed)
        => Assert.Equal(allowed, Judge.Decide(new Rule { Name = "r", Clients = ["crm", "legacy:play"] }, new Principal { Realm = "r", Subject = subject, Kind = kind, Client = client }).Allowed);

    [Fact]
    public void Table_tests_know_whoever_sends_a_secret_by_its_name()
    {
        var (tests, findings) = AccessTests.Read("principals: { old: { kind: legacy, client: \"legacy:play\" } }\ntests: { GET /a/x: { old: 200, nobody: 401 } }\n");
        Assert.True(tests is not null, string.Join('\n', findings));
        var principal = tests.Rows.Single(row => row.Who == "old").Principal!;
        Assert.Equal(("legacy:play", null, PrincipalKind.Legacy), (principal.Subject, principal.Client, principal.Kind));
        Assert.True(Judge.Decide(new Rule { Name = "r", Clients = ["legacy:play"] }, principal).Allowed);
    }

    private static string Of(string play, string service = "accept: [token, \"legacy:play\"]")
        => $"realm: r\nlegacy: {{ play: {{ {play} }} }}\nservices: {{ a: {{ upstreams: [\"http://127.0.0.1:1\"], {service}, rules: [{{ allow: {{}} }}] }} }}\n";
}
