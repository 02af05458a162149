using Gatehouse.Terms;
using Gatehouse.Wire.Ldap;

namespace Gatehouse.Federation.Ldap;

/// <summary>Sets passwords by the service account: with Active Directory's own attribute, elsewhere by the password modify operation (RFC 3062), which lets the server hash it as it likes.</summary>
internal static class LdapPasswords
{
    private const int ModifyAnswer = 7;
    private const int ExtendedAnswer = 24;

    // Constraint violation: what a password policy answers; Active Directory says "unwilling" with its own number for it.
    private const int Constraint = 19;
    private const int Unwilling = 53;
    private const string Restricted = "0000052D";

    /// <summary>Sets the password of the entry with this id. Null when it is set. Throws <see cref="LdapFault"/>.</summary>
    public static Task<Finding?> SetAsync(LdapShape shape, LdapPool pool, string subject, Secret password, CancellationToken stop)
        => pool.SearchAsync<Finding?>(async connection =>
        {
            if (await FindAsync(shape, connection, subject, stop) is not { } dn) return new Finding.Refused("user_not_found", "no entry has their id any more");
            var (result, _) = shape.IsActiveDirectory
                ? await connection.AskAsync(id => LdapWriting.ReplaceUnicodePassword(id, dn, password.Reveal()), ModifyAnswer, stop)
                : await connection.AskAsync(id => LdapWriting.Extended(id, LdapWriting.PasswordModify, LdapWriting.PasswordReset(dn, password.Reveal())), ExtendedAnswer, stop);
            if (result.Code == LdapResult.Success) return null;
            if (result.IsServerTrouble) return new Finding.Unavailable($"{result.Code} {result.Message}");
            var weak = result.Code == Constraint || (result.Code == Unwilling && result.Message.Contains(Restricted, StringComparison.OrdinalIgnoreCase));
            return new Finding.Refused(weak ? "password_refused" : "password_not_set", $"{result.Code} {result.Message}");
        }, stop);

    private static async Task<string?> FindAsync(LdapShape shape, LdapConnection connection, string subject, CancellationToken stop)
    {
        var byId = shape.IdAttribute.Equals("objectGUID", StringComparison.OrdinalIgnoreCase) && Guid.TryParse(subject, out var guid) ? LdapFilter.Equal(shape.IdAttribute, guid.ToByteArray()) : LdapFilter.Equal(shape.IdAttribute, subject);
        var found = new List<string>();
        await foreach (var (entry, result, _) in connection.SearchAsync(id => LdapWriting.Search(id, shape.UsersDn, LdapScope.Subtree, LdapFilter.And(LdapFilter.Parse(shape.PeopleFilter), byId), ["1.1"], sizeLimit: 2), stop))
        {
            if (entry is not null) found.Add(entry.Dn);
            else if (result!.Code is not (LdapResult.Success or LdapResult.SizeLimit or LdapResult.NoSuchObject)) throw new LdapFault($"the search failed: {result.Code} {result.Message}");
        }

        // Two of the same id: nobody can say whose password it would be.
        return found is [var one] ? one : null;
    }
}
