using Gatehouse.House;
using Xunit;

namespace Gatehouse.Tests.House;

public sealed class SettingsTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("gatehouse-settings-").FullName;

    [Fact]
    public void The_command_line_wins_over_the_file()
    {
        File.WriteAllText(Path.Combine(folder, "gatehouse.json"), """{"storage":{"folder":"elsewhere"},"tokens":{"clockSkewSeconds":"5"}}""");
        var settings = Settings.Read(new ServeOptions { Data = folder }, "http://127.0.0.1:1", null);
        Assert.Equal(folder, settings["storage:folder"]);
        Assert.Equal("5", settings["tokens:clockSkewSeconds"]);
        Assert.Equal("http://127.0.0.1:1", settings["tokens:publicUrl"]);
    }

    [Fact]
    public void The_file_wins_over_what_nobody_said()
    {
        File.WriteAllText(Path.Combine(folder, "access.yaml"), "realm: r");
        Assert.Equal(Path.Combine(folder, "access.yaml"), Settings.Read(new ServeOptions { Data = folder }, "http://127.0.0.1:1", null)["gateway:access"]);
        File.WriteAllText(Path.Combine(folder, "gatehouse.json"), """{"tokens":{"publicUrl":"https://cx.example"},"gateway":{"access":"other.yaml","trustedProxies":["10.0.0.0/8"]}}""");
        var settings = Settings.Read(new ServeOptions { Data = folder }, "http://127.0.0.1:1", null);
        Assert.Equal(("https://cx.example", "other.yaml", "10.0.0.0/8"), (settings["tokens:publicUrl"], settings["gateway:access"], settings["gateway:trustedProxies:0"]));
        Assert.Equal("https://said.example", Settings.Read(new ServeOptions { Data = folder, PublicUrl = "https://said.example" }, "http://127.0.0.1:1", null)["tokens:publicUrl"]);
    }

    [Fact]
    public void A_named_file_must_be_there()
        => Assert.Contains("nowhere.json", Assert.Throws<StartRefused>(() => Settings.Read(new ServeOptions { Data = folder, Settings = Path.Combine(folder, "nowhere.json") }, "x", null)).Message, StringComparison.Ordinal);

    [Fact]
    public void A_broken_file_is_named_and_nothing_starts()
    {
        File.WriteAllText(Path.Combine(folder, "gatehouse.json"), "{ not json");
        Assert.Contains("gatehouse.json", Assert.Throws<StartRefused>(() => Settings.Read(new ServeOptions { Data = folder }, "x", null)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Without_an_access_file_the_gate_has_none()
        => Assert.Null(Settings.Read(new ServeOptions { Data = folder }, "x", null)["gateway:access"]);

    public void Dispose() => Directory.Delete(folder, recursive: true);
}
