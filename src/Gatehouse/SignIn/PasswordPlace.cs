using Gatehouse.Federation;
using Gatehouse.People;
using Gatehouse.Terms;

namespace Gatehouse.SignIn;

/// <summary>Where a user's password lives: here when they have one here, else in the directory that they are linked to. It is set where it lives, and nowhere else: two passwords for one person would be one too many.</summary>
public sealed class PasswordPlace(Users users, Links links, Upstreams upstreams)
{
    /// <summary>A password that lives in a directory.</summary>
    public sealed record Elsewhere(Upstream Upstream, string Subject);

    /// <summary>The directory in which a user's password lives; null when it is here, or may be.</summary>
    public async Task<Elsewhere?> FindAsync(User user, CancellationToken stop)
    {
        if (await users.PasswordAsync(user.Realm, user.Id, stop) is not null) return null;
        foreach (var link in await links.OfUserAsync(user.Realm, user.Id, stop))
            if (upstreams.Of(user.Realm).FirstOrDefault(one => one.Id == link.Upstream) is { Enabled: true } upstream && upstreams.Open(upstream).Upstream is IChecksPasswords) return new Elsewhere(upstream, link.Subject);
        return null;
    }

    /// <summary>Sets it there. Null when it is set; else why not, and for whoever asked more words: nothing was changed then.</summary>
    public async Task<(Reason Reason, string Detail)?> SetAsync(Elsewhere place, Secret password, bool temporary, CancellationToken stop)
    {
        var title = place.Upstream.Title;
        var live = upstreams.Open(place.Upstream);
        if (live.Upstream is not ISetsPasswords { IsWritable: true } sets) return (Reasons.PasswordElsewhere, $"The password of this user lives in '{title}', which is read only here.");
        if (temporary) return (Reasons.RequestUnsupported, $"The password of this user lives in '{title}': a temporary one is made there.");
        if (!live.Breaker.Allows()) return (Reasons.DirectoryUnavailable, $"'{title}' is left alone for a moment: {live.Breaker.Last}");
        return await sets.SetPasswordAsync(place.Subject, password, stop) switch
        {
            null => null,
            Finding.Refused { Code: "password_refused" } weak => (Reasons.PasswordRefused, $"'{title}' refuses the password: {weak.Detail}"),
            Finding.Refused not => (Reasons.PasswordNotSet, $"'{title}': {not.Detail}"),
            Finding.Unavailable down => (Reasons.DirectoryUnavailable, $"'{title}': {live.Breaker.Note(down).Detail}"),
            _ => throw new InvalidOperationException("Nobody is known by setting a password."),
        };
    }
}
