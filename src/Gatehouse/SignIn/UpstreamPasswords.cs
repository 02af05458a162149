using Gatehouse.Federation;
using Gatehouse.People;
using Gatehouse.Terms;

namespace Gatehouse.SignIn;

/// <summary>Asks the upstreams that check passwords, in their order. One that cannot be asked is passed over while another may know the person, and is told of when none does.</summary>
public sealed class UpstreamPasswords(Upstreams upstreams, Links links)
{
    /// <summary>What was found, and by which upstream; <paramref name="only"/> is the alias of the one that may be asked; null when no upstream is to be asked about this name.</summary>
    public async Task<(Finding Finding, Upstream Upstream)?> CheckAsync(string realm, User? user, string name, Secret password, CancellationToken stop, string? only = null)
    {
        (Finding, Upstream)? last = null;
        foreach (var (upstream, login) in await AskedAsync(realm, user, name, only, stop))
        {
            var live = upstreams.Open(upstream);
            var finding = live.Breaker.Allows() ? live.Breaker.Note(await ((IChecksPasswords)live.Upstream).CheckAsync(login, password, Trace.None, stop)) : new Finding.Unavailable(live.Breaker.Last ?? "it is left alone for a moment");
            if (finding is Finding.Known) return (finding, upstream);
            if (last is not (Finding.Unavailable, _)) last = (finding, upstream);
        }

        return last;
    }

    // A linked user is asked about where they are linked; anybody else at their domain's home, or everywhere.
    private async Task<IReadOnlyList<(Upstream, string Login)>> AskedAsync(string realm, User? user, string name, string? only, CancellationToken stop)
    {
        var all = upstreams.Of(realm).Where(one => one.Enabled && (only is null || one.Alias == only) && upstreams.Open(one).Upstream is IChecksPasswords).ToList();
        if (all.Count == 0) return [];
        if (user is not null)
        {
            var linked = await links.OfUserAsync(realm, user.Id, stop);
            return [.. all.Select(one => (one, linked.FirstOrDefault(link => link.Upstream == one.Id)?.Username)).Where(one => one.Username is not null).Select(one => (one.one, one.Username!))];
        }

        return upstreams.HomeOf(realm, name) is { } home ? [.. all.Where(one => one.Id == home.Id).Select(one => (one, name))] : [.. all.Select(one => (one, name))];
    }
}
