using FsCheck;
using FsCheck.Fluent;
using Gatehouse.Wire.Text;
using Xunit;

namespace Gatehouse.Tests.Wire.Text;

public sealed class StrictBase64UrlTests
{
    [Fact]
    public void Bytes_survive() => Prop.ForAll(ArbMap.Default.ArbFor<byte[]>(), bytes =>
    {
        Assert.True(StrictBase64Url.TryDecode(StrictBase64Url.Encode(bytes), out var read));
        Assert.Equal(bytes, read);
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void No_two_texts_mean_the_same_bytes()
    {
        // All texts of up to three characters over a sample of the alphabet and of what is near it.
        const string sample = "ABCDQgwxz019-_+/= \t\n.é\0";
        var seen = new Dictionary<string, string>();
        IEnumerable<string> texts = [""];
        for (var length = 1; length <= 3; length++)
        {
            texts = texts.SelectMany(_ => sample, (text, one) => text + one).ToList();
            foreach (var text in texts)
            {
                if (!StrictBase64Url.TryDecode(text, out var bytes)) continue;
                Assert.True(seen.TryAdd(Convert.ToHexString(bytes), text), $"'{text}' means the same as '{seen[Convert.ToHexString(bytes)]}'.");
                Assert.Equal(text, StrictBase64Url.Encode(bytes));
            }
        }

        Assert.NotEmpty(seen);
    }
}
