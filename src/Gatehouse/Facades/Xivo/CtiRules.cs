using Gatehouse.People;

namespace Gatehouse.Facades.Xivo;

/// <summary>XiVO's preconditions of a CTI login: enabled, with login, password and profile. Login and password are what the sign-in itself asks for; the rest are attributes of the user here. Asked only after the person is proven.</summary>
internal static class CtiRules
{
    public const string NotEnabled = "cti_login_not_enabled";
    public const string NoProfile = "profile_not_set";

    // Any other value is a yes: a provider's mapping may put the name of a group there.
    private static readonly string[] No = ["false", "no", "off", "0"];

    public static readonly IReadOnlyCollection<string> Codes = [NotEnabled, NoProfile];

    /// <summary>The first property that is missing; null when none is.</summary>
    public static string? Bar(User user)
        => IsWebservice(user) ? null : Text(user, Vendor.CtiLogin) is not { } cti || No.Contains(cti.ToLowerInvariant()) ? NotEnabled : Text(user, Vendor.Profile) is null ? NoProfile : null;

    /// <summary>A technical user.</summary>
    public static bool IsWebservice(User user) => string.Equals(Text(user, Vendor.Webservice), "true", StringComparison.OrdinalIgnoreCase);

    /// <summary>What the person is told.</summary>
    public static string Words(string code) => code == NotEnabled
        ? $"CTI login is not enabled for this user. An administrator sets the user's attribute {Vendor.CtiLogin} to true."
        : $"No profile is set for this user. An administrator sets the user's attribute {Vendor.Profile}.";

    private static string? Text(User user, string name) => user.Attributes.GetValueOrDefault(name, []) is [var first, ..] && !string.IsNullOrWhiteSpace(first) ? first.Trim() : null;
}
