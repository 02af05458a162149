using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Gatehouse.Wire.Text;
using Xunit;

namespace Gatehouse.Tests.Wire.Text;

public sealed class TokenTextTests
{
    private static readonly byte[] Body = [.. Enumerable.Range(0, 32).Select(one => (byte)one)];

    [Fact]
    public void The_spelling_is_fixed_so_that_scanners_may_rely_on_it()
        => Assert.Equal("gtr_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8" + Check("gtr_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"), TokenText.Create("gtr", Body));

    [Fact]
    public void What_was_spelt_is_read()
        => Prop.ForAll(Gen.Choose(16, 256).SelectMany(length => Gen.Choose(0, 255).Select(one => (byte)one).ArrayOf(length)).ToArbitrary(), body =>
        {
            var text = TokenText.Create("k2", body);
            Assert.True(TokenText.TryParse(text, "k2", out var read));
            Assert.Equal(body, read);
            Assert.True(char.IsAsciiLetterOrDigit(text[^1]));
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Every_change_of_one_character_is_seen()
    {
        var text = TokenText.Create("gtr", Body);
        for (var at = 0; at < text.Length; at++)
        {
            foreach (var other in "Aa0-_.é \0")
            {
                if (other == text[at]) continue;
                Assert.False(TokenText.TryParse(string.Concat(text.AsSpan(0, at), other.ToString(), text.AsSpan(at + 1)), "gtr", out _));
            }

            Assert.False(TokenText.TryParse(text.AsSpan(0, at), "gtr", out _));
            Assert.False(TokenText.TryParse(string.Concat(text.AsSpan(0, at), text.AsSpan(at + 1)), "gtr", out _));
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("gtr")]
    [InlineData("gtr_")]
    [InlineData("gtr_AAAAAA")]
    [InlineData("GTR_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8000000")]
    public void Texts_that_are_no_token(string text) => Assert.False(TokenText.TryParse(text, "gtr", out _));

    [Fact]
    public void A_token_of_another_kind_or_length_is_refused()
    {
        Assert.False(TokenText.TryParse(TokenText.Create("gtk", Body), "gtr", out _));
        Assert.False(TokenText.TryParse(TokenText.Create("gtrr", Body), "gtr", out _));
        var shorter = "gtr_" + StrictBase64Url.Encode(Body.AsSpan(0, 15));
        Assert.False(TokenText.TryParse(shorter + Check(shorter), "gtr", out _));
        var longer = "gtr_" + StrictBase64Url.Encode(new byte[257]);
        Assert.False(TokenText.TryParse(longer + Check(longer), "gtr", out _));
        Assert.False(TokenText.TryParse("gtr_" + new string('A', 1_000_000), "gtr", out _));
    }

    [Theory]
    [InlineData("")]
    [InlineData("a")]
    [InlineData("1a")]
    [InlineData("aB")]
    [InlineData("a_b")]
    [InlineData("abcdefghijklm")]
    public void A_prefix_has_one_form(string prefix) => Assert.Throws<ArgumentException>(() => TokenText.Create(prefix, Body));

    [Fact]
    public void The_check_is_crc_32c_as_published() => Assert.Equal(0xE3069283u, Crc("123456789")); // RFC 3720, B.4's polynomial; the customary check value

    private static string Check(string text)
    {
        var (crc, digits) = (Crc(text), "");
        for (var at = 0; at < 6; at++, crc /= 62) digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"[(int)(crc % 62)] + digits;
        return digits;
    }

    // Written out bit by bit, as a scanner in another language would.
    private static uint Crc(string text)
    {
        var crc = uint.MaxValue;
        foreach (var one in Encoding.ASCII.GetBytes(text))
        {
            crc ^= one;
            for (var bit = 0; bit < 8; bit++) crc = (crc & 1) == 0 ? crc >> 1 : (crc >> 1) ^ 0x82F63B78;
        }

        return ~crc;
    }
}
