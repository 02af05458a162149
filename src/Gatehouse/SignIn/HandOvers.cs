using System.Text;
using Dapper;
using Gatehouse.Keys;
using Gatehouse.Storage;
using Gatehouse.Terms;

namespace Gatehouse.SignIn;

/// <summary>
/// Passwords that a vendor's back end sets for a user only to post them itself a moment later, because it has proven the user elsewhere. They are no passwords: each counts for that client alone, at its token request alone, for half a minute, once for a new user and twice for one who is there.
/// Kept as a keyed hash.
/// </summary>
public sealed class HandOvers(Database database, Sealer sealer, TimeProvider time)
{
    /// <summary>How long one counts.</summary>
    public static readonly TimeSpan Life = TimeSpan.FromSeconds(30);

    /// <summary>How often it counts that comes with a new user.</summary>
    public const int ForNew = 1;

    /// <summary>How often it counts that is set anew: Expertflow's library asks whether the password is right, and then for the tokens. One more would be taken by its next sign-in for a password that stays.</summary>
    public const int SetAnew = 2;

    private const string Purpose = "password hand-over";

    /// <summary>Keeps one in place of any before it.</summary>
    public async Task PutAsync(Work work, string realm, string user, string client, Secret password, int uses)
    {
        await work.Connection.ExecuteAsync("delete from password_handovers where ends_at < @now or (realm = @realm and user_id = @user and client = @client)", new { now = work.Now, realm, user, client }, work.Transaction);
        await work.Connection.ExecuteAsync("insert into password_handovers (realm, user_id, client, hash, uses, ends_at) values (@realm, @user, @client, @hash, @uses, @ends)",
            new { realm, user, client, hash = HashOf(password), uses, ends = work.Now + (long)Life.TotalMilliseconds }, work.Transaction);
    }

    /// <summary>Uses one up by one. False when there is none, or it is another.</summary>
    public Task<bool> TakeAsync(string realm, string user, string client, Secret password, CancellationToken stop) => database.WriteAsync(async work => await work.Connection.ExecuteAsync(
        "update password_handovers set uses = uses - 1 where realm = @realm and user_id = @user and client = @client and hash = @hash and uses > 0 and ends_at > @now", new { realm, user, client, hash = HashOf(password), now = work.Now }, work.Transaction) == 1, stop);

    /// <summary>Whether it is one that counts now; it is not used up.</summary>
    public Task<bool> IsAsync(string realm, string user, string client, Secret password, CancellationToken stop) => database.ReadAsync(async connection => await connection.ExecuteScalarAsync<long>(
        "select count(*) from password_handovers where realm = @realm and user_id = @user and client = @client and hash = @hash and uses > 0 and ends_at > @now", new { realm, user, client, hash = HashOf(password), now = time.GetUtcNow().ToUnixTimeMilliseconds() }) > 0, stop);

    /// <summary>Whether one would count now, whatever it is.</summary>
    public Task<bool> AnyAsync(string realm, string user, string client, CancellationToken stop) => database.ReadAsync(async connection => await connection.ExecuteScalarAsync<long>(
        "select count(*) from password_handovers where realm = @realm and user_id = @user and client = @client and uses > 0 and ends_at > @now", new { realm, user, client, now = time.GetUtcNow().ToUnixTimeMilliseconds() }) > 0, stop);

    private string HashOf(Secret password) => Convert.ToHexStringLower(sealer.Hash(Purpose, Encoding.UTF8.GetBytes(password.Reveal())));
}
