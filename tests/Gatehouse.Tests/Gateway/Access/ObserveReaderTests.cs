using Gatehouse.Gateway.Access;
using Xunit;

namespace Gatehouse.Tests.Gateway.Access;

/// <summary><c>observe</c> in the access file: an end must be set, and dates are judged.</summary>
public sealed class ObserveReaderTests
{
    private static readonly DateTimeOffset Today = new(2026, 11, 1, 0, 0, 0, TimeSpan.Zero);

    private static (AccessFile? File, IReadOnlyList<Finding> Findings) Read(string observe, string service = "", string rule = "")
        => AccessReader.Read($"realm: r\n{observe}\nservices:\n  a: {{ upstreams: [http://127.0.0.1:1], {service} rules: [ {{ {rule} allow: {{}} }} ] }}\n", null, Today);

    [Theory]
    [InlineData("2027-03-01", "2027-03-01T00:00:00Z")]
    [InlineData("2027-03-01T06:00Z", "2027-03-01T06:00:00Z")]
    [InlineData("2027-03-01T06:00:00+01:00", "2027-03-01T05:00:00Z")]
    public void A_day_begins_in_utc_and_a_moment_names_its_zone(string text, string expected)
    {
        var (file, findings) = Read($"observe: {{ until: {text}, note: soon }}");
        Assert.Empty(findings);
        var route = Assert.Single(file!.Routes);
        Assert.Equal(DateTimeOffset.Parse(expected), route.Observation!.Until);
        Assert.Equal("soon", route.Observation.Note);
        Assert.True(route.Observation.Tell);
    }

    [Theory]
    [InlineData("observe: {}", "observe.until")]
    [InlineData("observe: { until: someday }", "observe.until")]
    [InlineData("observe: { until: 2027-02-30 }", "observe.until")]
    [InlineData("observe: { until: 2027-03-01T06:00:00 }", "observe.until")]
    [InlineData("observe: { until: 01.03.2027 }", "observe.until")]
    [InlineData("observe: { until: [2027-03-01] }", "access.form")]
    [InlineData("observe: { untill: 2027-03-01 }", "access.unknown-key")]
    [InlineData("observe: on", "observe.form")]
    [InlineData("observe: true", "observe.form")]
    [InlineData("observe: 2027-03-01", "observe.form")]
    [InlineData("observe: [x]", "access.form")]
    [InlineData("observe-clients: { crm: {} }", "observe.until")]
    [InlineData("observe-clients: { crm: off }", "access.form")]
    [InlineData("observe-clients: crm", "access.form")]
    public void What_has_no_end_or_cannot_be_read_does_not_load(string observe, string code)
    {
        var (file, findings) = Read(observe);
        Assert.Null(file);
        Assert.Contains(findings, one => one.Code == code && one.Severity == Severity.Error);
    }

    [Fact]
    public void The_linter_names_what_is_over_and_what_is_far()
    {
        var over = Assert.Single(Read("observe: { until: 2026-10-31 }").Findings);
        Assert.Equal((Severity.Note, "observe.over", 2), (over.Severity, over.Code, over.Line));
        var far = Assert.Single(Read("observe-clients: { crm: { until: 2028-01-01 } }").Findings);
        Assert.Equal((Severity.Warning, "observe.far", 2), (far.Severity, far.Code, far.Line));
    }

    [Fact]
    public void Off_takes_out_and_the_narrowest_wins()
    {
        Assert.True(Read("observe: { until: 2027-03-01 }", "observe: off,").File!.Routes[0].Observation!.IsOff);
        Assert.Equal(2027, Read("", "observe: off,", "observe: { until: 2027-03-01 },").File!.Routes[0].Observation!.Until.Year);
        Assert.True(Read("observe: { until: 2027-03-01 }", "observe: { until: 2027-04-01 },", "observe: off,").File!.Routes[0].Observation!.IsOff);
        Assert.Equal(4, Read("observe: { until: 2027-03-01 }", "observe: { until: 2027-04-01 },").File!.Routes[0].Observation!.Until.Month);
    }

    [Fact]
    public void Events_to_a_bot_are_never_observed()
    {
        var (file, findings) = Read("observe: { until: 2027-03-01 }", "observe: { until: 2027-03-01 }, events: { project: p, dialog: dialogId, open: [session], close: [terminated], token: authToken },", "observe: { until: 2027-03-01 },");
        Assert.True(file!.Routes[0].Observation!.IsOff);
        Assert.Equal("observe.events", Assert.Single(findings).Code);
    }

    [Fact]
    public void Clients_may_not_write_the_header_by_which_the_upstream_knows_who_asks()
    {
        var (file, findings) = Read("", "pass-authorization-on-observe: true,");
        Assert.Null(file);
        Assert.Equal("observe.authorization", Assert.Single(findings).Code);
        Assert.NotNull(Read("", "pass-authorization-on-observe: true, identity: [userinfo],").File);
    }
}
