using Gatehouse.Federation;
using Gatehouse.People;
using Gatehouse.Storage;

namespace Gatehouse.SignIn;

/// <summary>
/// Staff can work while the directory is down: who signed in by it within a set number of days, on a device that they used before, with the password that it found right then. Their session is marked (acr 0), has named roles alone,
/// and ends when the directory answers again. Off unless a provider's settings say so; only then is a hash of the password kept, and never for anything else.
/// </summary>
public sealed class Continuity(Links links, Passwords passwords, Database database, TimeProvider time)
{
    /// <summary>What stands in a session's upstream session, by which the sessions of an outage are found.</summary>
    public const string Mark = "continuity";

    private static readonly TimeSpan Fresh = TimeSpan.FromHours(12);

    /// <summary>Notes a sign-in by the directory. A full queue of hashes keeps nobody out: the next sign-in notes it.</summary>
    public async Task NoteAsync(Upstream upstream, UpstreamIdentity identity, User user, string password, CancellationToken stop)
    {
        if (upstream.ContinuityDays == 0) return;
        string? hash = null;
        try
        {
            // The hash costs as much as a sign-in of ours: once in half a day is enough, unless the password is another one.
            var last = await links.LastSeenAsync(upstream.Realm, upstream.Id, user.Id, stop);
            if (last?.Hash is not { } kept || time.GetUtcNow() - last.Value.At > Fresh || await passwords.CheckAsync(kept, password, stop) == PasswordAnswer.Wrong) hash = await passwords.HashAsync(password, stop);
        }
        catch (PasswordsBusy)
        {
            return;
        }

        await database.WriteAsync(async work =>
        {
            await links.SeenAsync(work, upstream.Realm, upstream.Id, identity.Subject, hash);
            return true;
        }, stop);
    }

    /// <summary>Whether a person may go on while the directory is down; null when that is not for them, and nothing was looked at. Throws <see cref="PasswordsBusy"/>.</summary>
    public async Task<bool?> CheckAsync(Upstream upstream, User user, string password, Origin origin, CancellationToken stop)
    {
        if (upstream.ContinuityDays == 0 || origin.Device is null || !user.Enabled) return null;
        if (await links.LastSeenAsync(upstream.Realm, upstream.Id, user.Id, stop) is not { Hash: { } hash } last || time.GetUtcNow() - last.At > TimeSpan.FromDays(upstream.ContinuityDays)) return null;
        return await passwords.CheckAsync(hash, password, stop) != PasswordAnswer.Wrong;
    }

    /// <summary>The proof that such a session rests on.</summary>
    internal static Proof Proof(Upstream upstream) => new("continuity", ["pwd"], upstream.Alias, Mark) { OnlyRoles = upstream.ContinuityRoles };
}
