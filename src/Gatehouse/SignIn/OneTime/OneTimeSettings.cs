namespace Gatehouse.SignIn.OneTime;

/// <summary>Settings of one-time codes: an authenticator app's, and those sent as text messages by a provider that speaks Twilio's Messages API.</summary>
public sealed class OneTimeSettings
{
    /// <summary>Name that an authenticator app shows beside the user name.</summary>
    public string Issuer { get; set; } = "EFCX";

    /// <summary>How long a code that was sent counts.</summary>
    public TimeSpan Life { get; set; } = TimeSpan.FromMinutes(2);

    /// <summary>How long after the first factor the second may follow: the life of an interim ticket.</summary>
    public TimeSpan Patience { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>How long after a message the next may be sent to the same user.</summary>
    public TimeSpan Cooldown { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Messages per hour to one user, and to one phone.</summary>
    public int PerHour { get; set; } = 6;

    /// <summary>Messages per hour that people of one network (/24, /56) may cause: a shift start of a site behind one address must fit.</summary>
    public int PerHourOfNetwork { get; set; } = 3000;

    /// <summary>Wrong codes after which a user waits 15 minutes, and a code that was sent is void. Without a right one in between, the third time it is an hour, and from the fourth on four hours.</summary>
    public int Tries { get; set; } = 5;

    /// <summary>Beginnings of the numbers that may be registered, as +49 and +92, so that nobody has messages sent to the far and dear; empty means all.</summary>
    public IList<string> SmsPrefixes { get; set; } = [];

    /// <summary>Address of the text message provider, as https://api.twilio.com; empty means that no messages are sent.</summary>
    public string SmsUrl { get; set; } = "";

    /// <summary>Account there (the SID).</summary>
    public string SmsAccount { get; set; } = "";

    /// <summary>File that holds the account's secret, which nobody else may read.</summary>
    public string SmsSecretFile { get; set; } = "";

    /// <summary>Environment variable that holds the secret, where there is no file.</summary>
    public string SmsSecretVariable { get; set; } = "TWILIO_AUTH_TOKEN";

    /// <summary>Sender: a number, or a name where the provider takes names.</summary>
    public string SmsFrom { get; set; } = "";

    /// <summary>Text of the message; <c>{code}</c> becomes the code.</summary>
    public string SmsText { get; set; } = "Your sign-in code is {code}. Nobody will ever ask you for it.";

    /// <summary>What is wrong with them; null when nothing is.</summary>
    internal string? Fault()
    {
        if (Life < TimeSpan.FromSeconds(30) || Life > TimeSpan.FromMinutes(10)) return "signin:onetime:life must be 30 seconds to 10 minutes.";
        if (Patience < TimeSpan.FromMinutes(1) || Patience > TimeSpan.FromMinutes(15)) return "signin:onetime:patience must be 1 to 15 minutes.";
        if (Cooldown < TimeSpan.Zero || Cooldown > TimeSpan.FromMinutes(10)) return "signin:onetime:cooldown must be 0 to 10 minutes.";
        if (PerHour is < 1 or > 100 || PerHourOfNetwork is < 1 or > 100_000) return "signin:onetime:perHour must be 1 to 100, perHourOfNetwork 1 to 100000.";
        if (Tries is < 1 or > 10) return "signin:onetime:tries must be 1 to 10.";
        if (SmsPrefixes.Any(one => one.Length is < 2 or > 12 || one[0] != '+' || one.Skip(1).Any(c => !char.IsAsciiDigit(c)) || one[1] == '0')) return "signin:onetime:smsPrefixes must be beginnings of numbers as +49.";
        if (!SmsText.Contains("{code}", StringComparison.Ordinal)) return "signin:onetime:smsText must contain {code}.";
        if (SmsUrl.Length == 0) return null;
        if (!Uri.TryCreate(SmsUrl, UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https") || url.UserInfo.Length > 0 || url.Query.Length > 0) return "signin:onetime:smsUrl must be an address as https://api.twilio.com.";

        // The secret and the codes go there.
        if (url.Scheme == "http" && !url.IsLoopback) return "signin:onetime:smsUrl must be https: the account's secret and the codes go there.";
        return SmsAccount.Length == 0 || SmsFrom.Length == 0 ? "signin:onetime:smsAccount and smsFrom are needed with smsUrl." : null;
    }
}
