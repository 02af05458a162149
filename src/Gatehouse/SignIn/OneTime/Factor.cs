namespace Gatehouse.SignIn.OneTime;

/// <summary>Where a person's codes come from.</summary>
public static class Channel
{
    /// <summary>An authenticator app.</summary>
    public const string App = "app";

    /// <summary>Text messages.</summary>
    public const string Sms = "sms";

    /// <summary>Whether a text is one of them.</summary>
    public static bool Is(string text) => text is App or Sms;
}

/// <summary>A person's second factor.</summary>
/// <param name="Channel">One of <see cref="OneTime.Channel"/>'s.</param>
/// <param name="Value">The app's secret, or the phone number.</param>
/// <param name="Confirmed">Whether a code of it was right once.</param>
/// <param name="MadeAt">When it was made.</param>
public sealed record Factor(string Channel, byte[] Value, bool Confirmed, DateTimeOffset MadeAt)
{
    /// <summary>The phone number of a factor by text message.</summary>
    public string Phone => System.Text.Encoding.UTF8.GetString(Value);
}

/// <summary>Stable codes of what a second factor is refused for.</summary>
public static class OneTimeFault
{
    /// <summary>The first factor is proven, and a code is wanted now.</summary>
    public const string Wanted = "one_time_wanted";

    /// <summary>The code is wrong, was used, or is too old.</summary>
    public const string Wrong = "one_time_wrong";

    /// <summary>Too many were wrong: wait.</summary>
    public const string Wait = "one_time_wait";

    /// <summary>The person has no second factor yet.</summary>
    public const string None = "one_time_none";

    /// <summary>This is no phone number.</summary>
    public const string NotAPhone = "one_time_not_a_phone";

    /// <summary>A second factor is registered already, which only an administrator takes away.</summary>
    public const string Bound = "one_time_bound";

    /// <summary>Too many messages were sent.</summary>
    public const string Flood = "one_time_flood";

    /// <summary>The message was not sent.</summary>
    public const string NotSent = "one_time_not_sent";

    /// <summary>Nobody proved the first factor a moment ago.</summary>
    public const string NoFirstFactor = "first_factor_missing";

    /// <summary>The interim ticket is altered, too old, or another person's.</summary>
    public const string Ticket = "interim_ticket_refused";
}
