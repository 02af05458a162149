using Xunit;

namespace Gatehouse.Tests.House.Commands;

public sealed class CommandLineTests
{
    [Fact]
    public async Task Help_lists_the_commands_and_examples()
    {
        var ended = await Program.RunAsync("--help");

        Assert.Equal(0, ended.Code);
        Assert.Contains("serve", ended.Output);
        Assert.Contains("Examples:", ended.Output);
        Assert.Empty(ended.Error);
    }

    [Fact]
    public async Task Without_arguments_it_helps_and_says_wrong_usage()
    {
        var ended = await Program.RunAsync();

        Assert.Equal(2, ended.Code);
        Assert.Contains("Usage:", ended.Output);
    }

    [Theory]
    [InlineData("nope")]
    [InlineData("serve", "--port", "99999")]
    [InlineData("serve", "--prot", "1")]
    public async Task Wrong_usage_is_told_on_the_error_stream_in_a_few_lines(params string[] args)
    {
        var ended = await Program.RunAsync(args);

        Assert.Equal(2, ended.Code);
        Assert.Empty(ended.Output);
        Assert.Contains("--help", ended.Error);
        Assert.True(ended.Error.Split('\n').Length <= 4, ended.Error);
    }

    [Fact]
    public async Task A_refused_start_is_one_line()
    {
        var ended = await Program.RunAsync("serve", "--address", "192.0.2.1");

        Assert.Equal(1, ended.Code);
        Assert.Single(ended.Error.Trim().Split('\n'));
        Assert.Contains("--tls-certificate", ended.Error);
    }
}
