using System.Security.Cryptography;
using System.Text;
using Gatehouse.Federation;
using Gatehouse.Storage;

namespace Gatehouse.People;

/// <summary>What an upstream's person is here.</summary>
public abstract record LinkOutcome
{
    private LinkOutcome()
    {
    }

    /// <summary>This user.</summary>
    /// <param name="User">The user.</param>
    /// <param name="Made">Whether the user was made just now.</param>
    public sealed record Is(User User, bool Made) : LinkOutcome;

    /// <summary>A user of the same name or address exists. Nobody is taken for them on an upstream's word alone: they prove it with their own credential, and are linked then.</summary>
    public sealed record NeedsProof(User Existing) : LinkOutcome;

    /// <summary>Nobody here, and the upstream may not make users.</summary>
    public sealed record Unknown : LinkOutcome;
}

/// <summary>Finds, makes and updates the user behind an upstream's person. One transaction each: a provider that dies in between leaves no half-made user.</summary>
public sealed class Linking(Database database, Users users, Links links, Upstreams upstreams)
{
    /// <summary>The user of a person whom an upstream vouches for.</summary>
    public async Task<LinkOutcome> ResolveAsync(Upstream upstream, UpstreamIdentity identity, CancellationToken stop)
    {
        var realm = upstream.Realm;
        if (await links.FindAsync(realm, upstream.Id, identity.Subject, stop) is { } link && await users.FindAsync(realm, link.User, stop) is { } known)
            return new LinkOutcome.Is(await UpdateAsync(upstream, identity, known, stop), false);

        var name = NameOf(upstream, identity);
        var email = upstream.TrustsEmail && identity.EmailVerified ? identity.Email : null;
        var existing = await users.FindByNameAsync(realm, name, stop) ?? (email is null ? null : await users.FindByNameAsync(realm, email, stop));
        if (existing is not null && await IsSameAsync(upstream, identity, existing, stop)) return new LinkOutcome.Is(await LinkAsync(upstream, identity, existing, stop), false);
        if (existing is not null) return new LinkOutcome.NeedsProof(existing);
        if (!upstream.CreatesUsers) return new LinkOutcome.Unknown();

        var mapped = Mapped.Of(upstream.Mapping, identity);
        var made = With(new User { Id = Guid.NewGuid().ToString(), Realm = realm, Username = name }, upstream, identity, mapped);
        var added = await database.WriteAsync(async work =>
        {
            // A link whose user is gone makes way; one that another request made just now does not.
            await links.RemoveStaleAsync(work, realm, upstream.Id, identity.Subject);
            made = made with { CreatedAt = DateTimeOffset.FromUnixTimeMilliseconds(work.Now) };
            if (!await links.AddAsync(work, realm, upstream.Id, identity.Subject, made.Id, identity.Username)) return false;
            if (!await users.AddAsync(work, made))
            {
                await links.RemoveAsync(work, realm, upstream.Id, made.Id);
                return false;
            }

            await GrantAsync(work, upstream, identity, made.Id, mapped);
            return true;
        }, stop);

        // Two tabs at once: the other one made the user.
        return added ? new LinkOutcome.Is(made, true)
            : await links.FindAsync(realm, upstream.Id, identity.Subject, stop) is { } other && await users.FindAsync(realm, other.User, stop) is { } user ? new LinkOutcome.Is(user, false)
            : await users.FindByNameAsync(realm, name, stop) is { } taken ? new LinkOutcome.NeedsProof(taken) : new LinkOutcome.Unknown();
    }

    // Two faces of one directory, an administrator said: its login name there is the very name that vouches here.
    private async Task<bool> IsSameAsync(Upstream upstream, UpstreamIdentity identity, User existing, CancellationToken stop)
        => upstream["sameAs"] is { } alias && upstreams.Find(upstream.Realm, alias) is { Enabled: true } same && identity.Username is { } name
            && (await links.OfUserAsync(upstream.Realm, existing.Id, stop)).Any(link => link.Upstream == same.Id && link.Username is { } there && Names.Fold(there) == Names.Fold(name));

    /// <summary>Links a person to a user who has proven both sides.</summary>
    public async Task<User> LinkAsync(Upstream upstream, UpstreamIdentity identity, User user, CancellationToken stop)
    {
        await database.WriteAsync(async work =>
        {
            await links.RemoveStaleAsync(work, upstream.Realm, upstream.Id, identity.Subject);
            return await links.AddAsync(work, upstream.Realm, upstream.Id, identity.Subject, user.Id, identity.Username);
        }, stop);
        return await UpdateAsync(upstream, identity, user, stop);
    }

    private async Task<User> UpdateAsync(Upstream upstream, UpstreamIdentity identity, User known, CancellationToken stop)
    {
        var mapped = Mapped.Of(upstream.Mapping, identity);
        return await database.WriteAsync(async work =>
        {
            // Read again inside the transaction: an administrator's change of this moment is not undone.
            var current = await users.FindAsync(work, known.Realm, known.Id) ?? known;
            var changed = upstream.UpdatesUsers ? With(current, upstream, identity, mapped) : current;
            var same = changed.IsSame(current);
            if (!same && !await users.ChangeAsync(work, changed)) (changed, same) = (current, true); // the address is another's: theirs stays as it was
            // What an import applied is no longer what is here: it looks anew.
            if (await GrantAsync(work, upstream, identity, known.Id, mapped) || !same) await links.ForgetAppliedAsync(work, known.Realm, upstream.Id, identity.Subject);
            return changed;
        }, stop);
    }

    private static async Task<bool> GrantAsync(Work work, Upstream upstream, UpstreamIdentity identity, string user, Mapped mapped)
    {
        var holder = new GrantedRights.Holder(upstream.Realm, upstream.Id, identity.Subject, user);
        var wanted = (await GrantedRights.ResolveAsync(work.Connection, work.Transaction, upstream.Realm, [mapped])).Of(mapped);
        return await GrantedRights.ApplyAsync(work, holder, await GrantedRights.ReadAsync(work, holder), wanted);
    }

    // What the upstream does not say, or what cannot be kept here, stays as it is.
    internal static User With(User user, Upstream upstream, UpstreamIdentity identity, Mapped mapped)
    {
        var email = identity.Email is { } address && Names.IsEmail(address) ? Names.Fold(address) : user.Email;
        return user with
        {
            Email = email, EmailVerified = email == user.Email ? user.EmailVerified || (upstream.TrustsEmail && identity.EmailVerified) : upstream.TrustsEmail && identity.EmailVerified,
            FirstName = Names.IsPersonal(identity.FirstName) ? identity.FirstName : user.FirstName, LastName = Names.IsPersonal(identity.LastName) ? identity.LastName : user.LastName,
            Attributes = user.Attributes.SetItems(mapped.Attributes.Where(one => one.Key.Length <= Names.Longest && one.Value.Sum(value => value.Length) <= 8192 && one.Value.All(StoredText.IsSound)).Take(100)),
        };
    }

    /// <summary>The user name that a person gets: theirs there where it can be one, else one made of the alias and their id.</summary>
    public static string NameOf(Upstream upstream, UpstreamIdentity identity)
    {
        foreach (var wish in new[] { identity.Username, identity.Email })
            if (wish is not null && Names.IsUserName(Names.Fold(wish))) return Names.Fold(wish);
        return $"{upstream.Alias}.{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(identity.Subject)))[..12]}";
    }
}
