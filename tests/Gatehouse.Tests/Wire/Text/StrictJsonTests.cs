using System.Text;
using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using Gatehouse.Wire.Text;
using Xunit;

namespace Gatehouse.Tests.Wire.Text;

public sealed class StrictJsonTests
{
    private static JsonFault Read(string json, JsonValueKind kind = JsonValueKind.Object) => Read(Encoding.UTF8.GetBytes(json), kind);

    private static JsonFault Read(byte[] json, JsonValueKind kind = JsonValueKind.Object)
    {
        var read = StrictJson.TryParse(json, Limits.Default, kind, out var document, out var fault);
        Assert.Equal(read, document is not null);
        Assert.Equal(read, fault == JsonFault.None);
        document?.Dispose();
        return fault;
    }

    [Theory]
    [InlineData("""{}""", JsonFault.None)]
    [InlineData(""" {"a":[1,2,{"a":null}],"b":"\ud83d\ude00 \\ud800 \" é"} """, JsonFault.None)]
    [InlineData("", JsonFault.Malformed)]
    [InlineData(" ", JsonFault.Malformed)]
    [InlineData("{", JsonFault.Malformed)]
    [InlineData("{}{}", JsonFault.Malformed)]
    [InlineData("{} x", JsonFault.Malformed)]
    [InlineData("{}\0", JsonFault.Malformed)]
    [InlineData("""{"a":1,}""", JsonFault.Malformed)]
    [InlineData("""{'a':1}""", JsonFault.Malformed)]
    [InlineData("""{"a":01}""", JsonFault.Malformed)]
    [InlineData("""{"a":NaN}""", JsonFault.Malformed)]
    [InlineData("""{"a":1}//x""", JsonFault.Malformed)]
    [InlineData("{\"a\":\"\t\"}", JsonFault.Malformed)]
    [InlineData("\ufeff{}", JsonFault.Malformed)]
    [InlineData("""{"a":"\ud800"}""", JsonFault.Malformed)]
    [InlineData("""{"a":"\udc00\ud800"}""", JsonFault.Malformed)]
    [InlineData("""{"a":"\ud800\u0041"}""", JsonFault.Malformed)]
    [InlineData("""{"a":"\ud800x\udc00"}""", JsonFault.Malformed)]
    [InlineData("""{"\ud800":1}""", JsonFault.Malformed)]
    [InlineData("""{"a":"\u""", JsonFault.Malformed)]
    [InlineData("""{"a":"\ud800""", JsonFault.Malformed)]
    [InlineData("""{"a":1,"a":1}""", JsonFault.DuplicateMember)]
    [InlineData("""{"a":1,"\u0061":1}""", JsonFault.DuplicateMember)]
    [InlineData("""[{"b":{"a":1,"a":1}}]""", JsonFault.DuplicateMember)]
    [InlineData("""{"a":1,"a":1""", JsonFault.Malformed)]
    [InlineData("[]", JsonFault.WrongKind)]
    [InlineData("null", JsonFault.WrongKind)]
    [InlineData("1", JsonFault.WrongKind)]
    public void Texts_have_one_meaning_or_are_refused(string json, JsonFault expected) => Assert.Equal(expected, Read(json));

    [Theory]
    [InlineData(16, JsonFault.None)]
    [InlineData(17, JsonFault.TooLarge)]
    [InlineData(100_000, JsonFault.TooLarge)]
    public void Depth_is_bounded(int depth, JsonFault expected) => Assert.Equal(expected, Read(new string('[', depth) + new string(']', depth), JsonValueKind.Array));

    [Fact]
    public void Size_is_bounded() => Assert.Equal(JsonFault.TooLarge, Read("{\"a\":\"" + new string('x', Limits.Default.JsonBytes) + "\"}"));

    [Fact]
    public void Bytes_that_are_no_utf8_are_refused()
    {
        foreach (byte[] wrong in new byte[][] { [0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf5, 0x80, 0x80, 0x80], [0xe2, 0x82] })
            Assert.Equal(JsonFault.Malformed, Read([.. "{\"a\":\""u8, .. wrong, .. "\"}"u8]));
    }

    [Fact]
    public void What_passes_reads_without_an_exception_whatever_the_bytes()
    {
        // Mutations of a rich text: most are broken, those that pass must be readable to the last string.
        var seed = """{"a":"\ud83d\ude00\u0041\\","b":[1e5,-0.1,true,null,{"c":"é\n"}],"\u0064":{}}"""u8.ToArray();
        var edits = Gen.Two(Gen.Choose(0, seed.Length - 1)).SelectMany(_ => Gen.Choose(0, 255), (at, value) => (at.Item1, at.Item2, value)).ArrayOf(2).ToArbitrary();
        Prop.ForAll(edits, changes =>
        {
            var text = seed.ToArray();
            foreach (var (to, from, value) in changes) text[to] = value < 128 ? text[from] : (byte)(value - 128);
            if (!StrictJson.TryParse(text, Limits.Default, JsonValueKind.Object, out var document, out _)) return;
            using (document) Walk(document.RootElement);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(3000));
    }

    private static void Walk(JsonElement json)
    {
        if (json.ValueKind == JsonValueKind.Object)
        {
            foreach (var member in json.EnumerateObject())
            {
                Assert.NotNull(member.Name);
                Walk(member.Value);
            }
        }
        else if (json.ValueKind == JsonValueKind.Array)
        {
            foreach (var one in json.EnumerateArray()) Walk(one);
        }
        else if (json.ValueKind == JsonValueKind.String)
        {
            Assert.NotNull(json.GetString());
        }
    }
}
