using System.Net;
using Gatehouse.Terms;

namespace Gatehouse.People;

/// <summary>How a proof by password ended.</summary>
public abstract record PasswordProof
{
    private PasswordProof()
    {
    }

    /// <summary>It is this user, who may sign in.</summary>
    /// <param name="User">Who it is.</param>
    /// <param name="Elsewhere">Whether a directory found the password right: what changes there is not announced here.</param>
    public sealed record Right(User User, bool Elsewhere) : PasswordProof;

    /// <summary>Unknown user, wrong password or disabled account: one answer for all three, after the same time.</summary>
    public sealed record Wrong : PasswordProof;

    /// <summary>This guesser must wait; nothing was looked at.</summary>
    public sealed record Wait(TimeSpan For) : PasswordProof;

    /// <summary>Nothing was decided: too many hashes wait, or the directory that would know cannot be asked. Never a refusal.</summary>
    public sealed record Busy : PasswordProof;
}

/// <summary>Who shows a password, and where.</summary>
/// <param name="Address">Address of the client, through listed proxies only.</param>
/// <param name="Door">Which door asks, for the audit log: <c>basic</c>, <c>finesse</c>.</param>
/// <param name="Device">Mark of a device that proved this user before, so that a guesser of the same network cannot make it wait; null when there is none.</param>
public sealed record PasswordAsk(IPAddress? Address, string Door, string? Device = null);

/// <summary>
/// Proves a person by name and password, without a page and without a session: the user's own password, or the realm's directory as at the sign-in. Throttled per user, network and device, apart from the sign-in and from other doors, and audited, but for a wait: that is the door's to note, which may be asked for each request.
/// It costs a whole password hash each time, on the threads for that, behind the hashes of those who sign in; whoever asks for each request remembers the answer for a short time.
/// </summary>
public interface IProvesPasswords
{
    /// <summary>Proves a person of a realm.</summary>
    Task<PasswordProof> ProveAsync(string realm, string username, Secret password, PasswordAsk ask, CancellationToken stop);
}
