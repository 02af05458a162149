using System.Text;
using Gatehouse.SignIn.OneTime;
using Xunit;

namespace Gatehouse.Tests.SignIn.OneTime;

/// <summary>Codes, secrets and numbers by their standards.</summary>
public sealed class TotpTests
{
    // RFC 6238, appendix B (SHA-1, the last six of eight digits).
    [Theory]
    [InlineData(59, "287082")]
    [InlineData(1111111109, "081804")]
    [InlineData(1111111111, "050471")]
    [InlineData(1234567890, "005924")]
    [InlineData(2000000000, "279037")]
    [InlineData(20000000000, "353130")]
    public void Codes_are_those_of_the_standard(long seconds, string code)
    {
        var (secret, now) = (Encoding.ASCII.GetBytes("12345678901234567890"), DateTimeOffset.FromUnixTimeSeconds(seconds));
        Assert.Equal(code, Totp.CodeOf(secret, Totp.StepAt(now)));
        Assert.Equal(Totp.StepAt(now), Totp.StepOf(secret, code, now));
        Assert.Equal(Totp.StepAt(now), Totp.StepOf(secret, code, now.AddSeconds(30)));
        Assert.Null(Totp.StepOf(secret, code, now.AddSeconds(90)));
        foreach (var wrong in (string[])["", "0", code[..5], code + "0", "０12345", new string('1', 1000)]) Assert.Null(Totp.StepOf(secret, wrong, now));
    }

    // RFC 4648, 10.
    [Theory]
    [InlineData("", "")]
    [InlineData("f", "MY")]
    [InlineData("fo", "MZXQ")]
    [InlineData("foo", "MZXW6")]
    [InlineData("foob", "MZXW6YQ")]
    [InlineData("fooba", "MZXW6YTB")]
    [InlineData("foobar", "MZXW6YTBOI")]
    public void Secrets_are_written_as_apps_read_them(string bytes, string text) => Assert.Equal(text, Totp.Base32(Encoding.ASCII.GetBytes(bytes)));

    [Theory]
    [InlineData("491701234567", "+491701234567")]
    [InlineData("+491701234567", "+491701234567")]
    [InlineData("1234567", "+1234567")]
    [InlineData("123456", null)]
    [InlineData("1234567890123456", null)]
    [InlineData("0491701234567", null)]
    [InlineData("++491701234567", null)]
    [InlineData("+49 170 1234567", null)]
    [InlineData("4917012345x7", null)]
    [InlineData("٤٩١٧٠١٢٣٤٥٦٧", null)]
    [InlineData("", null)]
    [InlineData("+", null)]
    public void Numbers_have_one_form(string text, string? phone) => Assert.Equal(phone, PhoneNumber.Read(text));

    [Fact]
    public void A_masked_number_names_nobody() => Assert.Equal("+…67", PhoneNumber.Mask("+491701234567"));
}
