using Gatehouse.People;

namespace Gatehouse.Facades.Finesse;

/// <summary>Who signs in how. In SSO and NON_SSO everybody does it the same way; in HYBRID each person has a way of their own, and only that one counts.</summary>
internal sealed class Modes(Site site, Users users)
{
    public const string Sso = "SSO";
    public const string NonSso = "NON_SSO";
    public const string Hybrid = "HYBRID";

    /// <summary>The system's mode.</summary>
    public string System => site.Settings.Mode;

    /// <summary>Whether anybody signs in by SSO here.</summary>
    public bool OffersSso => System is Sso or Hybrid;

    /// <summary>A person's mode. The password's presence is asked of the store: it changes seldom, and the wrong answer would let somebody in by the wrong door.</summary>
    public async ValueTask<string> OfAsync(User user, CancellationToken stop)
    {
        if (System != Hybrid) return System;
        return Attribute(user, Vendor.AuthMode)?.ToUpperInvariant() switch
        {
            Sso => Sso,
            NonSso => NonSso,
            _ => await users.PasswordAsync(user.Realm, user.Id, stop) is null ? Sso : NonSso,
        };
    }

    /// <summary>First value of a user's attribute, trimmed; null when there is none.</summary>
    public static string? Attribute(User user, string name) => user.Attributes.GetValueOrDefault(name, []) is [var first, ..] && !string.IsNullOrWhiteSpace(first) ? first.Trim() : null;
}
