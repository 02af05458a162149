using FsCheck;
using FsCheck.Fluent;
using Gatehouse.Wire.OAuth;
using Xunit;

namespace Gatehouse.Tests.Wire.OAuth;

public sealed class ParametersTests
{
    [Theory]
    [InlineData("a=1&a=1")]
    [InlineData("a=1&a=2")]
    [InlineData("a=&a=2")]
    [InlineData("a&a=2")]
    [InlineData("client_id=x&client%5Fid=y")]
    [InlineData("a=%")]
    [InlineData("a=%4")]
    [InlineData("a=%zz")]
    [InlineData("a=%ff")]
    [InlineData("a=%c0%af")]
    [InlineData("a=%ed%a0%80")]
    [InlineData("a=%00")]
    [InlineData("a=\0")]
    [InlineData("a=+é")]
    public void Ambiguous_or_broken_requests_are_refused(string encoded)
    {
        Assert.False(Parameters.TryParse(encoded, out _, out var error));
        Assert.Equal("invalid_request", error!.Code);
    }

    [Fact]
    public void Size_and_number_are_bounded()
    {
        Assert.False(Parameters.TryParse("a=" + new string('x', Parameters.Longest), out _, out _));
        Assert.True(Parameters.TryParse(string.Join('&', Enumerable.Range(0, 100).Select(i => $"p{i}=x")), out _, out _));
        Assert.False(Parameters.TryParse(string.Join('&', Enumerable.Range(0, 101).Select(i => $"p{i}=x")), out _, out _));
    }

    [Fact]
    public void Empty_values_count_as_absent_and_names_are_case_sensitive()
    {
        Assert.True(Parameters.TryParse("?state=&Code=1&flag", out var parameters, out _));
        Assert.Null(parameters["state"]);
        Assert.Null(parameters["code"]);
        Assert.Null(parameters["flag"]);
        Assert.Equal("1", parameters["Code"]);
        Assert.Equal(["Code"], parameters.All.Keys);
    }

    [Fact]
    public void What_an_encoder_writes_comes_back()
        => Check.QuickThrowOnFailure(Prop.ForAll<NonNull<string>, NonNull<string>>((name, value) =>
        {
            if (name.Get.Length == 0 || value.Get.Length == 0 || (name.Get + value.Get).Any(c => char.IsSurrogate(c) || c == '\0')) return true;
            foreach (var text in (string[])[Uri.EscapeDataString(value.Get), System.Net.WebUtility.UrlEncode(value.Get)])
                if (!Parameters.TryParse($"{Uri.EscapeDataString(name.Get)}={text}&other-of-mine=1", out var parameters, out _) || parameters[name.Get] != value.Get) return false;
            return true;
        }));
}
