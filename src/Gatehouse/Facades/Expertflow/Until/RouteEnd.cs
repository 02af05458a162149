using System.Globalization;
using Gatehouse.SignIn.OneTime;

namespace Gatehouse.Facades.Expertflow.Until;

/// <summary>A call of the facade and its last day. Before the end, answers carry <c>Deprecation</c> (RFC 9745) and <c>Sunset</c> (RFC 8594); after it, the call is refused in the vendor's form.</summary>
/// <param name="Name">Name of its setting below <c>facades:expertflow:until</c>.</param>
/// <param name="Path">Its path.</param>
/// <param name="LastDay">Last day on which it answers, UTC.</param>
public sealed record RouteEnd(string Name, string Path, DateOnly LastDay)
{
    /// <summary>The first moment at which it is over.</summary>
    public DateTimeOffset End => new(LastDay.AddDays(1), TimeOnly.MinValue, TimeSpan.Zero);

    /// <summary>The calls that have an end date; those without one are the gate's.</summary>
    public static IReadOnlyList<RouteEnd> Of(UntilSettings settings) => [.. All(settings).Where(one => one.Day.Length > 0).Select(one => new RouteEnd(one.Name, one.Path, Parse(one.Day)!.Value))];

    /// <summary>What is wrong with the settings; null when nothing is.</summary>
    public static string? Fault(UntilSettings settings)
    {
        if (settings.Notice < TimeSpan.Zero || settings.Notice > TimeSpan.FromDays(3650)) return "facades:expertflow:until:notice must be 0 to 3650 days, written days.hours:minutes:seconds.";
        foreach (var (name, day, _) in All(settings))
            if (day.Length > 0 && Parse(day) is null) return $"facades:expertflow:until:{name} must be a day as 2027-06-30: the last on which the call answers.";
        return All(settings).All(one => one.Day.Length == 0) ? "facades:expertflow:realm is set, and no call has an end date: set facades:expertflow:until:login, and the others that clients need, to the last day on which each answers." : null;
    }

    /// <summary>Settings of the calls without which a second factor is asked for in vain: nobody gives a code, or nobody registers a phone.</summary>
    public static IEnumerable<string> Unanswered(UntilSettings settings, string? secondFactor)
    {
        if (secondFactor is not null && settings.ValidateOtp.Trim().Length == 0) yield return "validateOtp";
        if (secondFactor == Channel.Sms && settings.RegisterPhone.Trim().Length == 0) yield return "registerPhone";
    }

    /// <summary>What the operator is told when the end is near or over; null while it is far.</summary>
    public string? Warning(DateTimeOffset now, TimeSpan notice)
        => now >= End ? $"{Path}: refused since {End:yyyy-MM-dd} (facades:expertflow:until:{Name}). Move the clients that still call it, or set a later day."
            : now >= End - notice ? $"{Path}: refused from {End:yyyy-MM-dd} on, in {(int)Math.Ceiling((End - now).TotalDays)} days (facades:expertflow:until:{Name}). Move its clients to sign-in by page before."
            : null;

    /// <summary>Wraps an endpoint.</summary>
    internal RequestDelegate Guard(RequestDelegate endpoint, TimeSpan notice, TimeProvider time, Func<HttpContext, RouteEnd, Task> over) => context =>
    {
        var headers = context.Response.Headers;
        headers["Deprecation"] = "@" + (End - notice).ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        headers["Sunset"] = End.ToString("R", CultureInfo.InvariantCulture);
        return time.GetUtcNow() >= End ? over(context, this) : endpoint(context);
    };

    private static (string Name, string Day, string Path)[] All(UntilSettings settings) =>
    [
        ("login", settings.Login.Trim(), Addresses.Login),
        ("keycloakLogin", settings.KeycloakLogin.Trim(), Addresses.KeycloakLogin),
        ("refreshToken", settings.RefreshToken.Trim(), Addresses.RefreshToken),
        ("registerPhone", settings.RegisterPhone.Trim(), Addresses.RegisterPhone),
        ("sendSmsOtp", settings.SendSmsOtp.Trim(), Addresses.SendSmsOtp),
        ("validateOtp", settings.ValidateOtp.Trim(), Addresses.ValidateOtp),
    ];

    private static DateOnly? Parse(string day) => DateOnly.TryParseExact(day, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var parsed) && parsed < DateOnly.MaxValue ? parsed : null;
}
