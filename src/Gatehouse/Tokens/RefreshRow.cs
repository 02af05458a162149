using System.Data.Common;
using Gatehouse.Storage;

namespace Gatehouse.Tokens;

/// <summary>A refresh token as stored, with its family and, once it was used, the answer that its user got (sealed).</summary>
internal sealed record RefreshRow(
    string Family, long ExpiresAt, long? UsedAt, byte[]? Answer, string Realm, string ClientId, string User, string? Session, string Scope, string? Nonce, long? AuthTime, string? Level, long CreatedAt, long FamilyEndsAt, long? EndedAt, string? EndReason, string? Audience, string? Permissions, string? Door)
{
    private static readonly Statement Select = new(
        """
        select t.family, t.expires_at, t.used_at, a.body, f.realm, f.client_id, f.user_id, f.session_id, f.scope, f.nonce, f.auth_time, f.level, f.created_at, f.ends_at, f.ended_at, f.end_reason, f.audience, f.permissions, f.door
        from refresh_tokens t join refresh_families f on f.id = t.family left join refresh_answers a on a.id = t.answer where t.hash = @hash and t.realm = @realm
        """, "hash", "realm");

    /// <summary>By the hash of the token; null when the realm has none.</summary>
    public static Task<RefreshRow?> FindAsync(Database database, string realm, string hash, CancellationToken stop)
        => database.ReadAsync(connection => Select.FirstAsync(connection, Read, hash, realm), stop);

    public RefreshUse ToUse(string hash) => new(hash, Family, Realm, ClientId, User, Session, [.. Scope.Split(' ', StringSplitOptions.RemoveEmptyEntries)], Nonce, AuthTime is { } at ? DateTimeOffset.FromUnixTimeMilliseconds(at) : null, Level, DateTimeOffset.FromUnixTimeMilliseconds(CreatedAt)) { Audience = Audience, Permissions = Permissions, Door = Door };

    private static RefreshRow Read(DbDataReader row) => new(
        row.GetString(0), row.GetInt64(1), Number(row, 2), row.IsDBNull(3) ? null : row.GetFieldValue<byte[]>(3), row.GetString(4), row.GetString(5), row.GetString(6), Text(row, 7), row.GetString(8),
        Text(row, 9), Number(row, 10), Text(row, 11), row.GetInt64(12), row.GetInt64(13), Number(row, 14), Text(row, 15), Text(row, 16), Text(row, 17), Text(row, 18));

    private static string? Text(DbDataReader row, int column) => row.IsDBNull(column) ? null : row.GetString(column);

    private static long? Number(DbDataReader row, int column) => row.IsDBNull(column) ? null : row.GetInt64(column);
}
