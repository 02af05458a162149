using System.Text;
using System.Text.Json;
using Dapper;
using Gatehouse.Audit;
using Gatehouse.Keys;
using Gatehouse.Storage;
using Gatehouse.Wire.OAuth;

namespace Gatehouse.Tokens;

/// <summary>
/// Refresh tokens and their families (RFC 9700, 4.14.2). Each use makes a new token. Within the grace, whoever presents the used one gets the very same answer (two tabs that refresh at once);
/// later, it is a replay: the family ends, and the audit log says why.
/// </summary>
public sealed class RefreshTokens(Database database, Sealer sealer, AuditLog audit, Revocations revocations, TimeProvider time)
{
    private const string Purpose = "refresh token";

    private static readonly Statement KeepAnswer = new("insert into refresh_answers (at, body) values (@at, @body) returning id", "at", "body");
    private static readonly Statement DropAnswer = new("delete from refresh_answers where id = @id", "id");
    private static readonly Statement Use = new("update refresh_tokens set used_at = @at, answer = @answer where hash = @hash and used_at is null", "at", "answer", "hash");
    private static readonly Statement AnswerOf = new("select a.body from refresh_tokens t join refresh_answers a on a.id = t.answer where t.hash = @hash", "hash");
    private static readonly Statement Renew = new("update refresh_families set renewed_at = @at where id = @family and ended_at is null", "at", "family");
    private static readonly Statement Insert = new("insert into refresh_tokens (hash, realm, family, expires_at) values (@hash, @realm, @family, @expires)", "hash", "realm", "family", "expires");

    /// <summary>Looks a token up that is presented at a door (null: the token endpoint): a use, or a stored answer inside the grace, or an error.</summary>
    public async Task<(RefreshUse? Use, TokenSet? Same, OAuthError? Error)> PresentAsync(Terms.Realm realm, string token, string clientId, string? door, string? address, CancellationToken stop)
    {
        if (token.Length > 128) return (null, null, OAuthError.InvalidGrant("The refresh token is not valid."));
        var hash = HashOf(token);
        var row = await RefreshRow.FindAsync(database, realm.Name, hash, stop);
        if (row is null || row.ClientId != clientId) return (null, null, OAuthError.InvalidGrant("The refresh token is not valid."));
        // Before anything is judged or ended: at another door other proofs are asked for, or none, and other rules hold.
        if (row.Door != door) return (null, null, OAuthError.InvalidGrant("The refresh token is of another endpoint, which renews it."));
        var now = time.GetUtcNow().ToUnixTimeMilliseconds();
        if (row.EndedAt is not null) return (null, null, OAuthError.InvalidGrant($"The refresh token was ended: {row.EndReason}."));
        if (revocations.Has(row.Realm, null, row.User, row.ClientId, DateTimeOffset.FromUnixTimeMilliseconds(row.CreatedAt))) return (null, null, OAuthError.InvalidGrant("The refresh token was revoked. Sign in again."));
        if (row.UsedAt is { } used)
        {
            if (now - used < (long)realm.RefreshGrace.TotalMilliseconds && Open(row.Answer) is { } same) return (null, same, null);
            await EndForReplayAsync(row, address, stop);
            return (null, null, OAuthError.InvalidGrant("The refresh token was used before; all tokens that came of it were ended."));
        }

        // After the replay: a thief who comes late is still a thief.
        if (row.ExpiresAt <= now || row.FamilyEndsAt <= now) return (null, null, OAuthError.InvalidGrant("Token is not active"));
        return (row.ToUse(hash), null, null);
    }

    /// <summary>Writes the refresh token of an authorization: the first of a family, or the successor of the one it rotates. When another request rotated it first, the answer is that request's.</summary>
    internal async Task<(TokenSet? Tokens, OAuthError? Error)> IssueAsync(Authorization a, TokenSet tokens, string family, CancellationToken stop)
    {
        var made = Terms.SecretKinds.Make(Terms.SecretKinds.Refresh);
        var now = time.GetUtcNow();
        var ends = a.IsOffline ? now.AddYears(10) : a.Session!.EndsAt;
        var expires = a.IsOffline ? now.AddDays(60) : Min(now + a.Realm.SessionIdle, ends);
        var answer = tokens with { RefreshToken = made, RefreshExpiresIn = a.IsOffline ? 0 : (int)(expires - now).TotalSeconds };
        var sealedAnswer = sealer.Seal(Purpose, JsonSerializer.SerializeToUtf8Bytes(answer));
        var (written, same) = await database.WriteAsync(async work =>
        {
            if (a.Rotates is { } old)
            {
                var kept = await KeepAnswer.ScalarAsync(work, work.Now, sealedAnswer);
                if (await Use.ExecuteAsync(work, work.Now, kept, old.Hash) == 0)
                {
                    await DropAnswer.ExecuteAsync(work, kept);
                    return (false, (byte[]?)await AnswerOf.ScalarAsync(work, old.Hash));
                }

                // Also takes the row: whoever ends the family now waits, and then finds the new token in it.
                if (await Renew.ExecuteAsync(work, work.Now, family) == 0) return (false, null);
            }
            else
            {
                // Takes the code's row: a replay that comes while we mint either stops us here, or waits and ends what we made.
                if (a.CodeHash is { } code && await work.Connection.ExecuteAsync("update codes set used_at = used_at where hash = @code and replayed_at is null", new { code }, work.Transaction) == 0) return (false, null);
                await work.Connection.ExecuteAsync(
                    """
                    insert into refresh_families (id, realm, client_id, user_id, session_id, scope, nonce, auth_time, level, code, created_at, ends_at, audience, permissions, door)
                    values (@family, @realm, @client, @User, @session, @scope, @Nonce, @authTime, @Level, @CodeHash, @at, @ends, @audience, @permissions, @Door)
                    """,
                    new { family, realm = a.Realm.Name, client = a.Client.ClientId, a.User, session = a.IsOffline ? null : a.Session!.Id, scope = string.Join(' ', a.Scopes), a.Nonce, authTime = a.AuthenticatedAt?.ToUnixTimeMilliseconds(), a.Level, a.CodeHash, at = work.Now, ends = ends.ToUnixTimeMilliseconds(), audience = a.Permissions?.Audience, permissions = a.Permissions?.Request, a.Door },
                    work.Transaction);
            }

            await Insert.ExecuteAsync(work, HashOf(made), a.Realm.Name, family, expires.ToUnixTimeMilliseconds());
            await audit.WriteAsync(work, Issuer.Event(a, null));
            return (true, (byte[]?)null);
        }, stop);
        if (written) return (answer, null);
        return Open(same) is { } stored ? (stored, null) : (null, OAuthError.InvalidGrant(a.Rotates is null ? Codes.UsedBefore : "The refresh token was ended."));
    }

    /// <summary>Ends the family of a token; false when there is none of this client.</summary>
    public async Task<bool> EndAsync(string realm, string token, string clientId, string reason, CancellationToken stop)
    {
        var hash = HashOf(token);
        var row = await RefreshRow.FindAsync(database, realm, hash, stop);
        if (row is null || row.ClientId != clientId) return false;
        await database.WriteAsync(work => EndFamilyAsync(work, realm, row.Family, reason), stop);
        return true;
    }

    /// <summary>Ends what came of a code that was presented twice.</summary>
    internal Task<bool> EndOfCodeAsync(string realm, string codeHash, CancellationToken stop)
        => database.WriteAsync(async work =>
        {
            await work.Connection.ExecuteAsync("update codes set replayed_at = @Now where hash = @codeHash and realm = @realm", new { work.Now, codeHash, realm }, work.Transaction);
            var family = await work.Connection.ExecuteScalarAsync<string?>("select id from refresh_families where realm = @realm and code = @codeHash", new { realm, codeHash }, work.Transaction);
            return family is not null && await EndFamilyAsync(work, realm, family, "its authorization code was presented twice");
        }, stop);

    /// <summary>A token as introspection sees it; null when it is not active or another realm's.</summary>
    public async Task<(RefreshUse Use, DateTimeOffset Until)?> InspectAsync(string realm, string token, CancellationToken stop)
    {
        if (token.Length > 128) return null;
        var hash = HashOf(token);
        var row = await RefreshRow.FindAsync(database, realm, hash, stop);
        var now = time.GetUtcNow().ToUnixTimeMilliseconds();
        if (row is null || row.EndedAt is not null || row.UsedAt is not null || row.ExpiresAt <= now || row.FamilyEndsAt <= now) return null;
        if (revocations.Has(row.Realm, null, row.User, row.ClientId, DateTimeOffset.FromUnixTimeMilliseconds(row.CreatedAt))) return null;
        return (row.ToUse(hash), DateTimeOffset.FromUnixTimeMilliseconds(row.ExpiresAt));
    }

    internal async Task PruneAsync(CancellationToken stop)
    {
        var now = time.GetUtcNow().ToUnixTimeMilliseconds();

        // A used token is kept until it would have expired, so that a replay is recognised; its stored answer only as long as a grace can be.
        await database.RepeatAsync(work => work.Connection.ExecuteAsync("delete from refresh_answers where id in (select id from refresh_answers where at < @before order by at limit 1000)", new { before = now - 120_000 }, work.Transaction), 1000, stop);
        await database.RepeatAsync(work => work.Connection.ExecuteAsync("delete from refresh_tokens where hash in (select hash from refresh_tokens where expires_at < @now limit 1000)", new { now }, work.Transaction), 1000, stop);
        await database.RepeatAsync(work => work.Connection.ExecuteAsync("delete from refresh_families where id in (select f.id from refresh_families f where not exists (select 1 from refresh_tokens t where t.family = f.id) limit 500)", transaction: work.Transaction), 500, stop);
    }

    private string HashOf(string token) => Convert.ToHexStringLower(sealer.Hash(Purpose, Encoding.UTF8.GetBytes(token)));

    private TokenSet? Open(byte[]? answer) => answer is { Length: > 0 } && sealer.TryOpen(Purpose, answer, out var plain) ? JsonSerializer.Deserialize<TokenSet>(plain) : null;

    private Task<bool> EndForReplayAsync(RefreshRow row, string? address, CancellationToken stop)
        => database.WriteAsync(async work =>
        {
            await EndFamilyAsync(work, row.Realm, row.Family, "it was used again after it had been replaced");
            await audit.WriteAsync(work, new AuditEvent
            {
                Realm = row.Realm, Type = "REFRESH_TOKEN_ERROR", Client = row.ClientId, User = row.User, Session = row.Session, Address = address, Error = "refresh_token_replayed",
                Details = new Dictionary<string, string> { ["family"] = row.Family, ["reason"] = "A used refresh token came back after the grace: one of its two holders stole it. The family was ended." },
            });
            return true;
        }, stop);

    private async Task<bool> EndFamilyAsync(Work work, string realm, string family, string reason)
    {
        await work.Connection.ExecuteAsync("update refresh_families set ended_at = @at, end_reason = @reason where id = @family and ended_at is null", new { at = work.Now, reason, family }, work.Transaction);
        await revocations.AddAsync(work, RevocationKind.Family, realm, family);
        return true;
    }

    private static DateTimeOffset Min(DateTimeOffset a, DateTimeOffset b) => a < b ? a : b;
}
