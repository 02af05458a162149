using System.Text.Json.Nodes;
using Xunit;

namespace Gatehouse.Tests.House.Commands;

/// <summary><c>gatehouse xivo check</c>: same or not, what is doubtful, and never any of the value.</summary>
public sealed class XivoCommandsTests : IDisposable
{
    private const string Strong = "Zq8vN4tR7wXb2LkPm5cYd9GhJf3sUa6E";
    private const string Other = "Hn2yT6rB9mKd4XvQw8LpZc5JgFs7aEu3";

    private readonly string folder = Directory.CreateTempSubdirectory("gatehouse-env-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task The_same_everywhere_is_told_and_ends_with_0()
    {
        var ended = await CheckAsync(Write("a", $"XIVO_HOST=192.0.2.10\nPLAY_AUTH_TOKEN={Strong}\n"), Write("b", $"PLAY_AUTH_TOKEN='{Strong}'\r\n"));

        Assert.Equal(0, ended.Code);
        Assert.Contains("All 2 files hold the same PLAY_AUTH_TOKEN.", ended.Output);
        Assert.Contains("quotes", ended.Output);
        Assert.Contains("carriage return", ended.Output);
    }

    [Fact]
    public async Task Those_that_differ_or_lack_it_are_told_by_letters_and_end_with_1()
    {
        var ended = await CheckAsync(Write("a", $"PLAY_AUTH_TOKEN={Strong}"), Write("b", $"PLAY_AUTH_TOKEN={Other}"), Write("c", $"export PLAY_AUTH_TOKEN={Strong}"), Write("d", "PLAY_AUTH_TOKEN="), Write("e", "play-auth-token=x"), Path.Combine(folder, "none"), folder);

        Assert.Equal(1, ended.Code);
        Assert.Matches(@"A\s+\S+/a ", ended.Output);
        Assert.Matches(@"B\s+\S+/b ", ended.Output);
        Assert.Matches(@"A\s+\S+/c ", ended.Output);
        Assert.Matches(@"-\s+\S+/d\s+1\s+holds it empty", ended.Output);
        Assert.Contains("'play-auth-token' stands on line 1", ended.Output);
        Assert.Contains("is not there", ended.Output);
        Assert.Contains("differs: 2 values in 3 files. 4 of 7 files do not hold", ended.Output);
    }

    [Theory]
    [InlineData("PLAY_AUTH_TOKEN=shorterthan32char", "shorter than 32")]
    [InlineData("PLAY_AUTH_TOKEN=changeme", "well-known default")]
    [InlineData("PLAY_AUTH_TOKEN=" + Other + "\nPLAY_AUTH_TOKEN=" + Strong, "2 times, on lines 1, 2; the last one counts")]
    [InlineData("PLAY_AUTH_TOKEN = " + Strong, "white space")]
    [InlineData("PLAY_AUTH_TOKEN=" + Strong + " # ours", "comment")]
    [InlineData("PLAY_AUTH_TOKEN=" + Strong + "\u200b", "invisible")]
    [InlineData("PLAY_AUTH_TOKEN=" + Strong + "$x", "'$'")]
    [InlineData("PLAY_AUTH_TOKEN=" + Strong + "\n" + Other + " x", "Not understood: line 2")]
    public async Task A_doubt_is_a_warning(string text, string told)
    {
        var ended = await CheckAsync(Write("a", text));

        Assert.Equal(0, ended.Code);
        Assert.Contains(told, ended.Output);
    }

    [Fact]
    public async Task Modes_that_let_others_in_are_told()
    {
        var (open, wide) = (Write("a", $"PLAY_AUTH_TOKEN={Strong}"), Write("b", $"PLAY_AUTH_TOKEN={Strong}"));
        Assert.DoesNotContain("chmod", (await CheckAsync(open)).Output);
        File.SetUnixFileMode(open, UnixFileMode.UserRead | UnixFileMode.OtherRead);
        File.SetUnixFileMode(wide, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.OtherWrite);
        var ended = await CheckAsync(open, wide);
        Assert.Contains("Everybody on this machine may read", ended.Output);
        Assert.Contains("may change the file", ended.Output);
    }

    [Fact]
    public async Task Json_tells_the_same_and_another_variable_may_be_asked()
    {
        var ended = await CheckAsync(Write("a", "X=one"), Write("b", "X=two"), "--variable", "X", "--json");

        var told = JsonNode.Parse(ended.Output)!;
        Assert.False((bool)told["same"]!);
        Assert.Equal(["A", "B"], told["files"]!.AsArray().Select(file => (string?)file!["value"]));
    }

    [Fact]
    public async Task Wrong_usage_ends_with_2_and_the_help_has_examples()
    {
        Assert.Equal(2, (await Program.HereAsync("", "xivo", "check")).Code);
        Assert.Equal(2, (await Program.HereAsync("", "xivo", "check", "x", "--variable", "A B")).Code);
        Assert.Contains("/etc/docker/mds/custom.env", (await Program.HereAsync("", "xivo", "check", "--help")).Output);
    }

    private async Task<Program.Ended> CheckAsync(params string[] words)
    {
        var ended = await Program.HereAsync("", ["xivo", "check", .. words]);
        // Whatever a file holds: not the value, no part of it, and no plain digest.
        foreach (var text in (string[])[ended.Output, ended.Error])
        {
            foreach (var part in (string[])[Strong[..8], Strong[^8..], Other[..8], Other[^8..], "changeme", "shorterthan"]) Assert.DoesNotContain(part, text, StringComparison.OrdinalIgnoreCase);
            Assert.DoesNotMatch("[0-9a-f]{16}", text.Replace(folder, "", StringComparison.Ordinal));
        }

        return ended;
    }

    private string Write(string name, string text)
    {
        var path = Path.Combine(folder, name);
        File.WriteAllText(path, text);
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        return path;
    }
}
