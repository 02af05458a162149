using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using Gatehouse.Audit;
using Gatehouse.People;
using Gatehouse.SignIn.Steps;
using Gatehouse.Storage;
using Gatehouse.Terms;

namespace Gatehouse.SignIn;

/// <summary>
/// Names and passwords that come with a request instead of by a page: judged as at the sign-in, and no session begins. A program that sends the same wrong password for ever counts once against its network,
/// so that it does not lock out its neighbours; against the user it counts each time, so that it does not lock the account of a directory either.
/// </summary>
public sealed class Proving(Realms realms, PasswordStep passwords, Users users, Database database, AuditLog audit) : IProvesPasswords
{
    // Guesses for one user that are under way at once: those that were not counted yet.
    private const int AtOnce = 3;

    private readonly byte[] key = RandomNumberGenerator.GetBytes(HMACSHA256.HashSizeInBytes);
    private readonly ConcurrentDictionary<string, int> underWay = new();

    /// <inheritdoc/>
    public async Task<PasswordProof> ProveAsync(string realm, string username, Secret password, PasswordAsk ask, CancellationToken stop)
    {
        if (realms.Find(realm) is not { Enabled: true } found) return new PasswordProof.Wrong();
        var name = Names.Fold(username);
        // Counters of the door's own: a script with an old password beside an agent must not make that agent wait at the sign-in page.
        var origin = new Origin(ask.Address?.ToString(), $"{ask.Door} {Guard.NetworkOf(ask.Address)}", ask.Device, null) { Door = ask.Door, Mark = MarkOf(realm, name, password) };
        var asked = $"{realm}\n{name}\n{origin.Network}\n{ask.Device}";
        if (underWay.AddOrUpdate(asked, 1, static (_, count) => count + 1) > AtOnce)
        {
            Leave(asked);
            return new PasswordProof.Wait(TimeSpan.FromSeconds(1));
        }

        try
        {
            return await passwords.ProveAsync(found, username, password.Reveal(), origin, stop) switch
            {
                PasswordOutcome.Proven proven => await RightAsync(found, proven, origin, stop),
                PasswordOutcome.Wait wait => new PasswordProof.Wait(wait.For),
                PasswordOutcome.Busy or PasswordOutcome.Down => new PasswordProof.Busy(),
                _ => new PasswordProof.Wrong(),
            };
        }
        finally
        {
            Leave(asked);
        }
    }

    private async Task<PasswordProof> RightAsync(Realm realm, PasswordOutcome.Proven proven, Origin origin, CancellationToken stop)
    {
        var (user, proof) = (proven.User, proven.Proof);
        if (proof.NewPasswordHash is { } hash)
            await database.WriteAsync(async work =>
            {
                await users.RenewPasswordHashAsync(work, realm.Name, user.Id, proof.OldPasswordHash, hash);
                return true;
            }, stop);
        audit.Note(new AuditEvent
        {
            Realm = realm.Name, Type = "PASSWORD_PROVEN", User = user.Id, Address = origin.Address,
            Details = new Dictionary<string, string> { ["username"] = user.Username, ["door"] = origin.Door!, ["upstream"] = proof.Upstream ?? "" },
        });
        return new PasswordProof.Right(user, proof.Upstream is not null);
    }

    private void Leave(string asked)
    {
        // Never below zero, and nothing is left of those that are done.
        if (underWay.AddOrUpdate(asked, 0, static (_, count) => count - 1) <= 0) underWay.TryRemove(new KeyValuePair<string, int>(asked, 0));
    }

    private ulong MarkOf(string realm, string name, Secret password)
        => BitConverter.ToUInt64(HMACSHA256.HashData(key, Encoding.UTF8.GetBytes($"{realm}\n{name}\n{password.Reveal()}")));
}
