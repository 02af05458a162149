using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Gatehouse.Wire.Text;
using Xunit;

namespace Gatehouse.Tests.Wire.Text;

/// <summary>Env files as Docker Compose reads them, and every doubt about a line told.</summary>
public sealed class EnvFileTests
{
    [Theory]
    [InlineData("A=b", "b", EnvTrouble.None)]
    [InlineData("A=", "", EnvTrouble.None)]
    [InlineData("A=b\n", "b", EnvTrouble.None)]
    [InlineData("A=b\r\n", "b", EnvTrouble.CarriageReturn)]
    [InlineData("\uFEFFA=b", "b", EnvTrouble.None)]
    [InlineData("# A=x\n\n  # more\nA=b", "b", EnvTrouble.None)]
    [InlineData("A=b\nA=c", "c", EnvTrouble.None)]
    [InlineData("A=c\nB=d", "c", EnvTrouble.None)]
    [InlineData("A=b=c==", "b=c==", EnvTrouble.None)]
    [InlineData("A=b#c", "b#c", EnvTrouble.None)]
    [InlineData("A=#c", "#c", EnvTrouble.None)]
    [InlineData("A=b # why", "b", EnvTrouble.Comment)]
    [InlineData("A=b ", "b", EnvTrouble.Space)]
    [InlineData("A= b", "b", EnvTrouble.Space)]
    [InlineData("A =b", "b", EnvTrouble.Space)]
    [InlineData(" A=b", "b", EnvTrouble.Space)]
    [InlineData("A=b c", "b c", EnvTrouble.Space)]
    [InlineData("export A=b", "b", EnvTrouble.Export)]
    [InlineData("A", "", EnvTrouble.Inherited)]
    [InlineData("A\r\n", "", EnvTrouble.Inherited)]
    [InlineData("A=\"b c\"", "b c", EnvTrouble.Quoted)]
    [InlineData("A='b\\n'", "b\\n", EnvTrouble.Quoted)]
    [InlineData("A=\"b\\\"c\"", "b\"c", EnvTrouble.Quoted | EnvTrouble.Expanded)]
    [InlineData("A=\"b\" # why", "b", EnvTrouble.Quoted | EnvTrouble.Comment)]
    [InlineData("A=\"b\"\r\n", "b", EnvTrouble.Quoted | EnvTrouble.CarriageReturn)]
    [InlineData("A='b'c'", null, EnvTrouble.None)]
    [InlineData("A=it's", "it's", EnvTrouble.Quoted)]
    [InlineData("A=$B", "$B", EnvTrouble.Expanded)]
    [InlineData("A='$B'", "$B", EnvTrouble.Quoted)]
    [InlineData("A=b\u00a0", "b\u00a0", EnvTrouble.Unprintable)]
    [InlineData("A=\"b\nA=c\"", "b\nA=c", EnvTrouble.Quoted | EnvTrouble.Unprintable)]
    [InlineData("A: b", null, EnvTrouble.None)]
    [InlineData("2A=b", null, EnvTrouble.None)]
    [InlineData("=b", null, EnvTrouble.None)]
    [InlineData("a=b", null, EnvTrouble.None)]
    [InlineData("A B=c", null, EnvTrouble.None)]
    [InlineData("B=\"b\nA=c", "c", EnvTrouble.None)]
    public void A_line_has_one_value_and_its_doubts(string text, string? value, EnvTrouble trouble)
    {
        var found = Read(text).Find("A");

        Assert.Equal(value, found?.Value);
        Assert.Equal(trouble, found?.Trouble ?? EnvTrouble.None);
    }

    [Fact]
    public void Lines_are_counted_over_quotes_of_several_lines_and_what_is_not_read_is_told()
    {
        var file = Read("A='1\n2\n3'\nnot this\nB=x\nC=\"open\nD=y");

        Assert.Equal([("A", 1), ("B", 5), ("D", 7)], file.Entries.Select(entry => (entry.Name, entry.Line)));
        Assert.Equal([4, 6], file.Unread);
    }

    [Fact]
    public void An_entry_never_prints_its_value() => Assert.DoesNotContain("hush", Read("A=hush").Find("A")!.ToString());

    [Theory]
    [InlineData(new byte[] { 0x41, 0x3D, 0 })]
    [InlineData(new byte[] { 0x41, 0x3D, 0xFF })]
    [InlineData(new byte[] { 0xFF, 0xFE, 0x41, 0 })]
    [InlineData(new byte[] { 0x41, 0x3D, 0xC0, 0x80 })]
    public void What_is_no_text_is_refused(byte[] bytes) => Assert.False(EnvFile.TryRead(bytes, out _));

    [Fact]
    public void What_is_too_long_is_refused_and_many_open_quotes_cost_no_square()
    {
        Assert.False(EnvFile.TryRead(new byte[EnvFile.Longest + 1], out _));
        var many = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("A=\"\\\n", EnvFile.Longest / 5)));
        var watch = System.Diagnostics.Stopwatch.StartNew();
        Assert.True(EnvFile.TryRead(many, out _));
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(5), watch.Elapsed.ToString());
    }

    [Fact]
    public void Whatever_is_written_plainly_is_read_back()
        => Prop.ForAll(Entries().ToArbitrary(), lines =>
        {
            var file = Read(string.Join('\n', lines.Select(line => $"{line.Name}={line.Value}")));
            Assert.Equal(lines, file.Entries.Select(entry => (entry.Name, entry.Value)));
            Assert.All(file.Entries, entry => Assert.Equal(EnvTrouble.None, entry.Trouble));
            Assert.Empty(file.Unread);
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Whatever_is_quoted_is_read_back()
        => Prop.ForAll(ArbMap.Default.ArbFor<string>(), any =>
        {
            var value = string.Concat((any ?? "").Where(c => !char.IsSurrogate(c) && c is not ('\0' or '\uFEFF' or '\r')));
            var escaped = value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal);
            var file = Read($"A=\"{escaped}\"\nB=after");
            Assert.Equal(value, file.Find("A")!.Value);
            Assert.Equal("after", file.Find("B")!.Value);
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Any_bytes_end_and_every_line_is_in_the_file()
        => Prop.ForAll(ArbMap.Default.ArbFor<byte[]>(), bytes =>
        {
            if (!EnvFile.TryRead(bytes, out var file)) return;
            var lines = bytes.Count(one => one == '\n') + 1;
            Assert.All(file.Entries, entry => Assert.InRange(entry.Line, 1, lines));
            Assert.All(file.Unread, line => Assert.InRange(line, 1, lines));
        }).QuickCheckThrowOnFailure();

    [Theory]
    [InlineData("", "empty")]
    [InlineData("changeme", "default")]
    [InlineData("Change-Me-123!", "default")]
    [InlineData("123456789012", "default")]
    [InlineData("abababababababababababababababababab", "over and over")]
    [InlineData("k3jH5kd92JdmW", "shorter")]
    [InlineData("0f3c2a9d8e7b6a5f4c3d2e1f0a9b8c7d", null)]
    public void A_weak_secret_is_told(string secret, string? why)
    {
        var told = WeakSecret.Why(secret, 32);
        if (why is null) Assert.Null(told);
        else Assert.Contains(why, told);
    }

    private static Gen<(string Name, string Value)[]> Entries()
        => Gen.ArrayOf(Gen.Zip(Text("ABCXYZ_", 1), Text("abcXYZ019#=:/+-_.~!%&()*,;<>?@[]^{|}", 0), (name, value) => (name, value)));

    private static Gen<string> Text(string letters, int least) => Gen.Choose(least, 40).SelectMany(length => Gen.ArrayOf(Gen.Elements(letters.ToCharArray()), length)).Select(chars => new string(chars));

    private static EnvFile Read(string text)
    {
        Assert.True(EnvFile.TryRead(Encoding.UTF8.GetBytes(text), out var file));
        return file;
    }
}
