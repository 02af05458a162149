using Gatehouse.People;
using Gatehouse.Terms;
using Gatehouse.Tokens;

namespace Gatehouse.Credentials.Kinds;

/// <summary>
/// A user's name and password with each request (RFC 7617), at services that accept it. Proven once, at the full cost of a password hash and on the threads for that; recognised afterwards by <see cref="KnownPasswords"/>
/// for a few minutes. Wrong ones are refused for a moment without asking again, and are kept apart: no flood of them pushes a right one out.
/// </summary>
public sealed class BasicPassword(IProvesPasswords proves, KnownPasswords known, WrongPasswords wrong, RightsCache rights, UserCache users, Users stored, Realms realms, Verify verify, TimeProvider time)
{
    // So many answers may be waited for; the hashes behind them have a bounded queue of their own.
    private const int MostAsking = 1024;
    private static readonly TimeSpan Believed = TimeSpan.FromMinutes(5);
    // What changes in a directory is not announced here.
    private static readonly TimeSpan BelievedElsewhere = TimeSpan.FromMinutes(1);

    private readonly System.Collections.Concurrent.ConcurrentDictionary<PasswordMark, Lazy<Task<Verdict>>> asking = new();
    private int waiting;

    /// <summary>The verifier of one realm's users.</summary>
    public ICredentialVerifier Of(string realm) => new InRealm(this, realm);

    private ValueTask<Verdict> VerifyAsync(string realm, Credential credential, CancellationToken stop)
    {
        var name = Names.Fold(credential.Name);
        // No such user can be: refused without a hash, and without telling anything that its length does not tell.
        if (name.Length is 0 or > Names.Longest) return new(new Verdict.Rejected(Reasons.CredentialPassword));
        var mark = known.MarkOf(realm, name, credential.Value);
        var now = time.GetUtcNow();
        if (known.Find(mark) is { } one && one.Until > now)
        {
            if (one.IsCurrent()) return new(one.Verdict);
            return new(Task.Run(() => RenewAsync(realm, name, credential, mark, one), stop));
        }

        return wrong.Find(mark, now) is { } refused ? new(refused) : new(AskOnceAsync(realm, name, credential, mark, stop));
    }

    // Rights have changed, of this user or of others, or something was revoked: the password was right and still is, unless what was revoked is this user's.
    private async Task<Verdict> RenewAsync(string realm, string name, Credential credential, PasswordMark mark, KnownPassword one)
    {
        if (one.Person.IsOver || verify.IsRevoked(one.Verdict.Principal)) return await AskOnceAsync(realm, name, credential, mark, CancellationToken.None);
        var age = known.Age;
        if (realms.Find(realm) is not { Enabled: true } || await users.FindAsync(realm, one.Person.Id, CancellationToken.None) is not { Enabled: true } user) return new Verdict.Rejected(Reasons.CredentialPassword);
        var held = await rights.OfAsync(realm, RoleHolder.User, user.Id, CancellationToken.None);
        // The very principal where nothing of it has changed: what is remembered by it elsewhere stays.
        var principal = ReferenceEquals(held, one.Rights) ? one.Verdict.Principal : PrincipalOf(realm, user, held, one.Verdict.Principal.IssuedAt!.Value);
        return known.Keep(mark, one.Person, principal, held, one.Until, age).Verdict;
    }

    // One proof serves all who send the same at once, as a browser does over six connections.
    private async Task<Verdict> AskOnceAsync(string realm, string name, Credential credential, PasswordMark mark, CancellationToken stop)
    {
        if (Volatile.Read(ref waiting) >= MostAsking) return new Verdict.Unavailable(Reasons.Busy);
        return await asking.GetOrAdd(mark, static (mark, all) => new Lazy<Task<Verdict>>(() => all.Me.AskAsync(all.realm, all.name, all.credential, mark)), (Me: this, realm, name, credential)).Value.WaitAsync(stop);
    }

    private async Task<Verdict> AskAsync(string realm, string name, Credential credential, PasswordMark mark)
    {
        Interlocked.Increment(ref waiting);
        try
        {
            return await Task.Run(() => ProveAsync(realm, name, credential, mark));
        }
        catch (Exception fault) when (fault is System.Data.Common.DbException or Storage.StorageFault)
        {
            return new Verdict.Unavailable(Reasons.VerifierUnavailable);
        }
        finally
        {
            Interlocked.Decrement(ref waiting);
            asking.TryRemove(mark, out _);
        }
    }

    // Not a request's own token: whoever asked first may leave, the others still wait.
    private async Task<Verdict> ProveAsync(string realm, string name, Credential credential, PasswordMark mark)
    {
        var (heard, age, now) = (known.Heard, known.Age, time.GetUtcNow());
        switch (await proves.ProveAsync(realm, name, credential.Value, new PasswordAsk(credential.From, "basic", known.DeviceOf(mark)), CancellationToken.None))
        {
            case PasswordProof.Right { User: var user, Elsewhere: var elsewhere }:
                var held = await rights.OfAsync(realm, RoleHolder.User, user.Id, CancellationToken.None);
                return known.KeepProven(mark, realm, user.Id, PrincipalOf(realm, user, held, now), held, now + (elsewhere ? BelievedElsewhere : Believed), age, heard).Verdict;
            case PasswordProof.Wait wait:
                return new Verdict.Rejected(Reasons.CredentialThrottled, wait.For);
            case PasswordProof.Wrong:
                return wrong.Keep(mark, time.GetUtcNow(), heard);
            default:
                return new Verdict.Unavailable(Reasons.Busy);
        }
    }

    private static Principal PrincipalOf(string realm, User user, Rights held, DateTimeOffset at) => new()
    {
        Realm = realm, Subject = user.Id, Kind = PrincipalKind.User, Name = user.Username, Roles = held.Roles, Groups = held.Groups, AuthenticatedAt = at, IssuedAt = at, Level = "1",
    };

    // A realm that was disabled while a proof was under way must not be served from memory.
    private bool StillStands(Principal principal) => !verify.IsRevoked(principal) && realms.Find(principal.Realm) is { Enabled: true };

    // A connection that stays open outlives the few minutes, not the password: what was set since is another one.
    private async ValueTask<bool> LivesAsync(Principal principal, CancellationToken stop)
        => await stored.FindAsync(principal.Realm, principal.Subject, stop) is { Enabled: true }
            && (await stored.PasswordAsync(principal.Realm, principal.Subject, stop) is not { } password || password.SetAt <= principal.IssuedAt);

    private sealed class InRealm(BasicPassword kind, string realm) : ICredentialVerifier
    {
        public ValueTask<Verdict> VerifyAsync(Credential credential, CancellationToken stop) => kind.VerifyAsync(realm, credential, stop);

        public bool StillStands(Principal principal) => kind.StillStands(principal);

        public async ValueTask<bool> LivesAsync(Principal principal, Credential credential, CancellationToken stop) => await Task.Run(() => kind.LivesAsync(principal, stop).AsTask(), stop);
    }
}
