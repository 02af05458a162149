using Gatehouse.Audit;
using Gatehouse.Clients;
using Gatehouse.Storage;
using Gatehouse.Terms;

namespace Gatehouse.Tokens;

/// <summary>Token revocation (RFC 7009): a client ends its own tokens. Unknown tokens are no error, so that nothing can be probed.</summary>
public sealed class Revoke(Database database, Verify verify, RefreshTokens refreshTokens, Revocations revocations, AuditLog audit)
{
    /// <summary>Ends a token if it is this client's.</summary>
    public async Task EndAsync(Realm realm, Client client, string token, string? address, CancellationToken stop)
    {
        if (SecretKinds.Is(token, SecretKinds.Refresh))
        {
            if (token.Length > 128 || !await refreshTokens.EndAsync(realm.Name, token, client.ClientId, "the client revoked it", stop)) return;
            audit.Note(Event(realm, client, null, address));
            return;
        }

        if (verify.Check(token, null, out var principal) is not null || principal!.Realm != realm.Name || principal.Client != client.ClientId || principal.TokenId is null) return;
        await database.WriteAsync(async work =>
        {
            await revocations.AddAsync(work, RevocationKind.Token, realm.Name, principal.TokenId);
            await audit.WriteAsync(work, Event(realm, client, principal, address));
            return true;
        }, stop);
    }

    private static AuditEvent Event(Realm realm, Client client, Principal? principal, string? address)
        => new() { Realm = realm.Name, Type = "REVOKE_GRANT", Client = client.ClientId, User = principal?.Subject, Session = principal?.Session, Address = address };
}
