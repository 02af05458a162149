using System.Text;
using System.Text.Json;
using Dapper;
using Gatehouse.Keys;
using Gatehouse.Storage;

namespace Gatehouse.Tokens;

/// <summary>What an authorization code stands for.</summary>
public sealed record CodeGrant
{
    /// <summary>Realm name.</summary>
    public required string Realm { get; init; }

    /// <summary>The <c>client_id</c> it was made for.</summary>
    public required string ClientId { get; init; }

    /// <summary>User id.</summary>
    public required string User { get; init; }

    /// <summary>Session id.</summary>
    public required string Session { get; init; }

    /// <summary>Redirect address of the authorization request, which the token request must repeat.</summary>
    public required string RedirectUri { get; init; }

    /// <summary>PKCE challenge, S256; empty where there is none, which a <see cref="Door"/> alone may allow: no verifier matches it.</summary>
    public required string Challenge { get; init; }

    /// <summary>Where the code counts, when not at the OpenID endpoints: a code is redeemed at the door where it was made (decision 0012).</summary>
    public string? Door { get; init; }

    /// <summary>Granted scopes.</summary>
    public required string[] Scopes { get; init; }

    /// <summary>Nonce, if any.</summary>
    public string? Nonce { get; init; }

    /// <summary>When the person proved who they are.</summary>
    public DateTimeOffset AuthenticatedAt { get; init; }

    /// <summary>Authentication context class.</summary>
    public string? Level { get; init; }

    /// <summary>When it was made.</summary>
    public DateTimeOffset MadeAt { get; init; }
}

/// <summary>Authorization codes: kept as keyed hashes, good once. A code that comes twice was stolen, and ends what came of it (RFC 6749, 4.1.2).</summary>
public sealed class Codes(Database database, Sealer sealer, TimeProvider time)
{
    internal const string UsedBefore = "Code not valid: it was used before, so everything that came of it was ended.";

    private const string Purpose = "authorization code";

    /// <summary>Makes a code.</summary>
    public async Task<string> MakeAsync(CodeGrant grant, TimeSpan life, CancellationToken stop)
    {
        var code = Terms.SecretKinds.Make(Terms.SecretKinds.Code);
        await database.WriteAsync(work => work.Connection.ExecuteAsync(
            "insert into codes (hash, realm, body, expires_at) values (@hash, @Realm, @body, @expires)",
            new { hash = HashOf(code), grant.Realm, body = JsonSerializer.Serialize(grant with { MadeAt = time.GetUtcNow() }), expires = work.Now + (long)life.TotalMilliseconds }, work.Transaction), stop);
        return code;
    }

    /// <summary>Takes a code: the grant the first time, within its life; null otherwise. The second value says that it was taken before.</summary>
    public async Task<(CodeGrant? Grant, bool Stolen)> TakeAsync(string realm, string code, CancellationToken stop)
    {
        if (code.Length > 128) return (null, false);
        var hash = HashOf(code);
        return await database.WriteAsync(async work =>
        {
            var row = await work.Connection.QuerySingleOrDefaultAsync<(string Body, long ExpiresAt, long? UsedAt)?>("select body, expires_at, used_at from codes where hash = @hash and realm = @realm", new { hash, realm }, work.Transaction);
            if (row is not { } found) return ((CodeGrant?)null, false);
            if (found.UsedAt is not null) return (null, true);
            // Consumed before anything is minted: a crash in between costs a sign-in, never a second use.
            if (await work.Connection.ExecuteAsync("update codes set used_at = @at where hash = @hash and used_at is null", new { hash, at = work.Now }, work.Transaction) == 0) return (null, true);
            return (found.ExpiresAt < work.Now ? null : JsonSerializer.Deserialize<CodeGrant>(found.Body), false);
        }, stop);
    }

    /// <summary>Keyed hash under which a code is kept.</summary>
    public string HashOf(string code) => Convert.ToHexStringLower(sealer.Hash(Purpose, Encoding.UTF8.GetBytes(code)));

    internal Task PruneAsync(CancellationToken stop)
    {
        // Kept for a day after use, so that a late replay is still recognised.
        var before = (time.GetUtcNow() - TimeSpan.FromDays(1)).ToUnixTimeMilliseconds();
        return database.RepeatAsync(work => work.Connection.ExecuteAsync("delete from codes where hash in (select hash from codes where expires_at < @before limit 1000)", new { before }, work.Transaction), 1000, stop);
    }
}
