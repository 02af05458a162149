using System.Text;
using Gatehouse.Facades.Gadgets;
using Xunit;

namespace Gatehouse.Tests.Facades.Gadgets;

public sealed class SpecReaderTests
{
    private static readonly Uri Home = new("https://gadgets.example/a/b.xml");

    [Fact]
    public void What_a_desktop_needs_is_read()
    {
        var spec = Read("""
            <Module><ModulePrefs title="T" height="99999"><Locale lang="DE" country="at" messages="../m.xml"/><Locale messages="https://elsewhere.example/m.xml"><msg name="a"> b </msg></Locale><Locale lang="ALL"/></ModulePrefs>
            <UserPref name="x" default_value="1" datatype="hidden"/><Content view="default,canvas"><![CDATA[one]]></Content><Content type="HTML" view="canvas">&lt;two&gt;</Content></Module>
            """).Spec!;
        Assert.Equal(("T", 4000, "x", "1"), (spec.Title, spec.Height, spec.Prefs[0].Name, spec.Prefs[0].DefaultValue));
        Assert.Equal(("de", "AT", "https://gadgets.example/m.xml"), (spec.Locales[0].Language, spec.Locales[0].Country, spec.Locales[0].Bundle!.AbsoluteUri));
        Assert.Equal((null, "b", ""), (spec.Locales[1].Bundle, spec.Locales[1].Messages["a"], spec.Locales[2].Language));
        Assert.Equal(("one", "one<two>"), (spec.Views["default"], spec.Views["canvas"]));
        Assert.Equal("https://gadgets.example/p.html?a=b", Read("""<Module><ModulePrefs/><Content type="url" href="/p.html?a=b"/></Module>""").Spec!.Page!.AbsoluteUri);
    }

    [Theory]
    [InlineData(""), InlineData("text"), InlineData("<Module>"), InlineData("<Module/>"), InlineData("<module><ModulePrefs/><Content>a</Content></module>"), InlineData("<Module><ModulePrefs/></Module>"), InlineData("<Module><Content>a</Content></Module>"), InlineData("<Module><ModulePrefs/><ModulePrefs/><Content>a</Content></Module>")]
    [InlineData("<!DOCTYPE Module><Module><ModulePrefs/><Content>a</Content></Module>"), InlineData("<!DOCTYPE m [<!ENTITY a \"b\">]><Module><ModulePrefs/><Content>&a;</Content></Module>"), InlineData("<Module><ModulePrefs/><Content type=\"flash\">a</Content></Module>")]
    [InlineData("<Module><ModulePrefs/><Content type=\"url\"/></Module>", true), InlineData("<Module><ModulePrefs/><Content type=\"url\" href=\"javascript:alert(1)\"/></Module>"), InlineData("<Module><ModulePrefs/><Content type=\"url\" href=\"file:///etc/passwd\"/></Module>"), InlineData("<Module><ModulePrefs/><Content type=\"url\" href=\"/a\"/><Content>b</Content></Module>")]
    [InlineData("<Module><ModulePrefs/><UserPref/><Content>a</Content></Module>"), InlineData("<Module><ModulePrefs/><UserPref name=\"a b\"/><Content>a</Content></Module>"), InlineData("<Module><ModulePrefs/><Content>&undefined;</Content></Module>"), InlineData("<Module><ModulePrefs/><Content>\u0001</Content></Module>")]
    public void What_is_no_specification_is_refused_with_a_reason(string xml, bool fine = false)
    {
        var (spec, fault) = Read(xml);
        Assert.Equal(fine, spec is not null);
        Assert.Equal(fine, fault is null);
    }

    [Fact]
    public void Too_much_is_refused()
    {
        Assert.Null(Read($"<Module><ModulePrefs/><Content>{new string('a', SpecReader.Most)}</Content></Module>").Spec);
        Assert.Null(Read($"<Module><ModulePrefs/>{string.Concat(Enumerable.Repeat("<UserPref name=\"a\"/>", 501))}<Content>a</Content></Module>").Spec);
        Assert.Null(Read($"<Module><ModulePrefs/>{string.Concat(Enumerable.Repeat("<Content>a</Content>", 21))}</Module>").Spec);
    }

    [Theory]
    [InlineData("https://crm.example.org", "https://crm.example.org/a/b?c", true), InlineData("https://crm.example.org/api", "https://crm.example.org/api", true), InlineData("https://crm.example.org/api/", "https://crm.example.org/api/x", true), InlineData("https://crm.example.org:443/", "https://CRM.example.org/x", true)]
    [InlineData("https://crm.example.org/api", "https://crm.example.org/apis", false), InlineData("https://crm.example.org", "http://crm.example.org/", false), InlineData("https://crm.example.org", "https://crm.example.org:8443/", false), InlineData("https://crm.example.org", "https://crm.example.org.evil.example/", false), InlineData("https://crm.example.org", "https://evil.example/", false)]
    public void A_target_covers_what_is_at_and_below_it(string target, string url, bool covers)
    {
        Assert.True(GadgetTarget.TryParse(target, out var read, out _));
        Assert.Equal(covers, read!.Covers(new Uri(url)));
    }

    [Theory]
    [InlineData("crm.example.org"), InlineData("ftp://crm.example.org"), InlineData("https://crm.example.org/?a"), InlineData("https://crm.example.org/#a"), InlineData("https://u@crm.example.org"), InlineData("http://169.254.169.254"), InlineData("http://[fe80::1]"), InlineData("https://crm.example.org/a/../b"), InlineData("https://*.example.org/ a"), InlineData("")]
    public void A_target_that_says_too_much_is_refused(string target) => Assert.False(GadgetTarget.TryParse(target, out _, out _));

    private static (GadgetSpec? Spec, string? Fault) Read(string xml) => SpecReader.TryRead(Encoding.UTF8.GetBytes(xml), Home, out var spec, out var fault) ? (spec, null) : (null, fault);
}
