using System.Text.Json;
using System.Text.RegularExpressions;
using Gatehouse.Conformance.Kits;
using Gatehouse.Tests.Kits;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace Gatehouse.Conformance.Browser;

/// <summary>
/// Gadgets in the shape of the vendor's own samples, in a real browser: they start by <c>gadgets.HubSettings.onConnect</c> alone, take a library from the desktop's host by a host-relative address, and look at the desktop's window and storage. The gadgets and the library here are ours, written for this.
/// Where <c>GATEHOUSE_CISCO_SAMPLES</c> names a folder with unpacked samples (gadget XML at any depth, and a <c>finesse-*.js</c> and <c>jquery-*.min.js</c> among them), those run as they are.
/// </summary>
public sealed partial class VendorGadgetsTests
{
    // What a library of the vendor's does at its load and at a gadget's start, as far as the container is concerned.
    private const string Library = """
        var finesse = finesse || {};
        (function () {
          window.shaped = { library: true, connects: [], tabs: [], connections: [], echo: [] };
          var auth = window.sessionStorage.getItem('userFinesseAuth');
          var prefs = new gadgets.Prefs();
          prefs.set('authorization', auth);
          window.vendor = {
            init: function (config) {
              if (!(typeof config.host === 'string' && config.host.length > 0 && config.restHost && typeof config.authorization === 'string')) throw new Error('Config object contains invalid properties.');
              var container = parent.finesse.container.Container;
              if (!container) throw new Error('no container');
              var panel = frameElement.parentNode;
              while (panel && !/tab-panel/.test(panel.className)) panel = panel.parentNode;
              var mine = panel.id.replace('panel_', '');
              gadgets.Hub.subscribe('finesse.containerservices.activeTab', function (topic, tab) { shaped.tabs.push(tab); shaped.visible = tab === mine; });
              gadgets.Hub.subscribe('finesse.info.connection', function (topic, data) { shaped.connections.push(data.status); });
              gadgets.Hub.publish('finesse.info.requests', { type: 'ActiveTabReq', data: {}, invokeID: 1 });
              gadgets.Hub.publish('finesse.info.requests', { type: 'ConnectionInfoReq', data: {}, invokeID: 2 });
            },
            makeRequest: function (url, handler) {
              var params = {};
              params[gadgets.io.RequestParameters.HEADERS] = { Authorization: 'Basic ' + finesse.gadget.Config.authorization };
              params[gadgets.io.RequestParameters.GET_FULL_HEADERS] = 'true';
              gadgets.io.makeRequest(encodeURI(url), handler, params);
            }
          };
        }());
        """;

    private const string Shaped = """
        <?xml version="1.0" encoding="UTF-8"?>
        <Module>
          <ModulePrefs title="Shaped" description="Shaped as the vendor's">
            <Require feature="settitle" /><Require feature="dynamic-height" /><Require feature="pubsub-2" /><Require feature="setprefs" /><Require feature="loadingindicator"><Param name="manual-dismiss">true</Param></Require>
          </ModulePrefs>
          <UserPref name="team" default_value="blue" />
          <Content type="html"><![CDATA[
            <!DOCTYPE html>
            <script type="text/javascript">
              gadgets.HubSettings.onConnect = function (hub, success, error) {
                shaped.connects.push({ hub: hub === gadgets.Hub, success: success, error: error, load: window.loadedFirst === true, config: !!finesse.gadget.Config.authToken });
                finesse.modules.Shaped.init();
              };
              gadgets.util.registerOnLoadHandler(function () { window.loadedFirst = true; });
            </script>
            <script type="text/javascript" src="/desktop/assets/js/finesse.js"></script>
            <script type="text/javascript" src="shaped.js"></script>
            <body class="claro"><div id="out">waiting</div></body>
            <script type="text/javascript">shaped.filled = document.createElement('textarea'); shaped.filled.innerHTML = "__UP_team__"; shaped.filled = shaped.filled.value; shaped.up = "__UP_scheme__://__UP_host__";</script>
          ]]></Content>
        </Module>
        """;

    private const string Logic = """
        finesse.modules = finesse.modules || {};
        finesse.modules.Shaped = { init: function () {
          vendor.init(finesse.gadget.Config);
          gadgets.window.adjustHeight();
          gadgets.loadingindicator.dismiss();
          shaped.team = new gadgets.Prefs().getString('team');
          shaped.mid = gadgets.util.getUrlParameters().mid;
          shaped.fullHeaders = gadgets.io.RequestParameters.GET_FULL_HEADERS;
          shaped.own = finesse.utilities.Utilities.getAuthHeaderString(finesse.gadget.Config).split(' ')[0];
          gadgets.Hub.subscribe('shaped.news', function (topic, data, extra) { shaped.echo.push({ topic: topic, data: data, extra: extra }); }, null, function () { shaped.completed = true; }, 'extra');
          gadgets.Hub.publish('shaped.news', { a: 1 });
          vendor.makeRequest('{host}/echo', function (response) {
            shaped.basic = { rc: response.rc, text: response.text };
            setTimeout(function () { var out = document.getElementById('out'); out.className = 'done'; out.textContent = 'started'; }, 300);
          });
        } };
        """;

    private const string Late = """
        <Module><ModulePrefs title="Late"><Require feature="pubsub-2" /></ModulePrefs><UserPref name="team" default_value="blue" /><Content type="html"><![CDATA[<div id="out">waiting</div><script>
          var starts = 0;
          setTimeout(function () {
            gadgets.HubSettings.onConnect = null;
            gadgets.HubSettings.onConnect = function () { starts++; };
            setTimeout(function () { gadgets.HubSettings.onConnect = function () { starts++; }; setTimeout(function () { document.getElementById('out').className = 'done'; }, 200); }, 200);
          }, 1000);
        </script>]]></Content></Module>
        """;

    [Fact]
    public async Task A_gadget_of_the_vendors_shape_starts_and_works_unchanged()
    {
        if (!File.Exists("/usr/bin/chromium")) Assert.Skip("Chromium is not installed: apt-get install chromium");
        await using var third = await Thirds.StartAsync();
        third.Put("/gadgets/shaped.xml", Shaped, "text/xml");
        third.Put("/gadgets/late.xml", Late, "text/xml");
        third.Put("/gadgets/shaped.js", Logic.Replace("{host}", third.Url, StringComparison.Ordinal), "text/javascript");
        third.Pages["/echo"] = context => context.Response.WriteAsync(context.Request.Headers.Authorization.ToString());
        var folder = Directory.CreateTempSubdirectory("gatehouse-vendor-").FullName;
        Directory.CreateDirectory(Path.Combine(folder, "assets/js"));
        await File.WriteAllTextAsync(Path.Combine(folder, "assets/js/finesse.js"), Library);
        var output = await RunAsync(folder, [("shaped", third.Url + "/gadgets/shaped.xml"), ("late", third.Url + "/gadgets/late.xml")], third.Url, 0);
        foreach (var step in (string[])["a gadget of the vendor's shape starts by onConnect", "also where it is assigned late", "preferences are kept"]) Assert.Contains($"ok {step}", output, StringComparison.Ordinal);
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task Samples_of_the_vendor_start_unchanged()
    {
        if (Environment.GetEnvironmentVariable("GATEHOUSE_CISCO_SAMPLES") is not { Length: > 0 } samples) Assert.Skip("GATEHOUSE_CISCO_SAMPLES names no folder with the vendor's sample gadgets.");
        else
        {
            await using var third = await Thirds.StartAsync();
            List<(string Id, string Spec)> gadgets = [];
            foreach (var file in Directory.EnumerateFiles(samples, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
            {
                var path = "/" + string.Join('/', Path.GetRelativePath(samples, file).Split('/').Select(Uri.EscapeDataString));
                third.Pages[Uri.UnescapeDataString(path)] = context =>
                {
                    context.Response.ContentType = Path.GetExtension(file) switch { ".js" => "text/javascript", ".css" => "text/css", ".xml" => "text/xml", _ => "application/octet-stream" };
                    return context.Response.SendFileAsync(file);
                };
                if (file.EndsWith(".xml", StringComparison.Ordinal) && await File.ReadAllTextAsync(file) is var text && text.Contains("HubSettings.onConnect", StringComparison.Ordinal) && text.Contains("<ModulePrefs", StringComparison.Ordinal))
                    gadgets.Add(($"s{gadgets.Count}-{Unfit().Replace(Path.GetFileNameWithoutExtension(file), "")}", third.Url + path));
            }

            // The newest of the vendor's libraries among them is the desktop's own.
            var folder = Directory.CreateTempSubdirectory("gatehouse-vendor-").FullName;
            Directory.CreateDirectory(Path.Combine(folder, "assets/js"));
            foreach (var (pattern, name) in ((string, string)[])[("finesse-*.js", "finesse.js"), ("jquery-*.min.js", "jquery.min.js")])
                if (Directory.EnumerateFiles(samples, pattern, SearchOption.AllDirectories).MaxBy(file => Version.TryParse(Numbers().Match(Path.GetFileName(file)).Value, out var version) ? version : new Version(0, 0)) is { } newest) File.Copy(newest, Path.Combine(folder, "assets/js", name));
            var output = await RunAsync(folder, gadgets, third.Url, 10_000);
            TestContext.Current.TestOutputHelper?.WriteLine(output);
            var told = Told().Match(output);
            Assert.True(told.Success, output);
            // Samples of later versions want a later library than there is, or services of the internet; half of them would already show that the way of starting works.
            Assert.True(int.Parse(told.Groups[2].Value) * 2 > int.Parse(told.Groups[1].Value), output);
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<string> RunAsync(string assets, IReadOnlyList<(string Id, string Spec)> gadgets, string target, int watched)
    {
        List<(string, string)> settings = [("GATEHOUSE__FACADES__GADGETS__ASSETS", assets)];
        for (var i = 0; i < gadgets.Count; i++)
            foreach (var (key, value) in ((string, string)[])[("ID", gadgets[i].Id), ("SPEC", gadgets[i].Spec), ("AUDIENCES__0", "customers"), ("TARGETS__0", target)]) settings.Add(($"GATEHOUSE__FACADES__GADGETS__LIST__{i + 2}__{key}", value));
        await using var program = await RunningProgram.StartDemoAsync([.. settings]);
        var (code, output) = await Npm.RunAsync("browser", "vendor.mjs", [program.Url.GetLeftPart(UriPartial.Authority), RunningProgram.Password, JsonSerializer.Serialize(gadgets.Select(one => one.Id)), $"{watched}"]);
        Assert.True(code == 0, $"{output}\n{program.Output}");
        return output;
    }

    [GeneratedRegex("[^A-Za-z0-9]")]
    private static partial Regex Unfit();

    [GeneratedRegex(@"[0-9]+(?:\.[0-9]+)+")]
    private static partial Regex Numbers();

    [GeneratedRegex("samples: ([0-9]+) of them, [0-9]+ called, ([0-9]+) came")]
    private static partial Regex Told();
}
