namespace Gatehouse.SignIn.OneTime;

/// <summary>Phone numbers in international form: a plus and 7 to 15 digits (ITU-T E.164).</summary>
public static class PhoneNumber
{
    /// <summary>The number in its one form, whether or not the plus was sent; null when it is none.</summary>
    public static string? Read(string text)
    {
        var digits = text.StartsWith('+') ? text[1..] : text;
        return digits.Length is >= 7 and <= 15 && digits.All(char.IsAsciiDigit) && digits[0] != '0' ? "+" + digits : null;
    }

    /// <summary>The number for logs and for who need not know it: its last two digits.</summary>
    public static string Mask(string phone) => phone.Length <= 3 ? "…" : "+…" + phone[^2..];
}
