using Gatehouse.Wire.Kerberos;

namespace Gatehouse.Federation.Kerberos;

/// <summary>Why a ticket cannot fit: from what stands on it in the clear and what the keytab holds, and from the library's own errors (RFC 4120, 7.5.9).</summary>
internal static class TicketFault
{
    // Where MIT's error table begins; the errors of the protocol keep their numbers in it.
    private const int Table = -1765328384;

    /// <summary>The stable code of a refusal.</summary>
    public static string CodeOf(Acceptance.Bad bad) => unchecked((int)bad.Minor - Table) switch { 32 => "expired", 33 => "not_yet_valid", 37 => "clock_skew", _ => "bad_ticket" };

    /// <summary>Whether a key is the one that a ticket says it is encrypted for.</summary>
    public static bool Fits(KeytabKey key, NegotiateToken token) => IsOf(key, token) && key.EncryptionType == token.EncryptionType && (token.KeyVersion is null or 0 || key.Version == token.KeyVersion);

    /// <summary>The fault with a stable code; null when nothing speaks against the ticket. Down when it is not the ticket's fault.</summary>
    public static (string Code, string Detail, bool Down)? Of(NegotiateToken token, KeytabState keytab, string service)
    {
        if (token.Kind == NegotiateKind.Ntlm) return ("ntlm", "the browser sent NTLM: it has no ticket, or does not trust this site", false);
        if (token.Kind == NegotiateKind.Other) return ("not_kerberos", "the token is of another mechanism", false);
        if (keytab.Fault is { } fault) return ("keytab", fault, true);
        if (token.Kind == NegotiateKind.Continued) return ("continued", "the browser goes on with a conversation that was never begun: one leg is all there is", false);
        if (!string.Equals(token.Service, service.Split('@')[0], StringComparison.OrdinalIgnoreCase)) return ("wrong_service", $"the ticket is for {token.Service}, not for {service}", false);
        var own = keytab.Keys.Where(key => IsOf(key, token)).ToList();
        if (own.Count == 0 || service.Split('@') is [_, var realm] && realm != token.Realm) return ("wrong_realm", $"the keytab has no key of {token.Service}@{token.Realm}", false);
        if (token.KeyVersion is { } version and > 0 && own.TrueForAll(key => key.Version != version)) return ("key_version", $"the ticket is for version {version} of the key; the keytab has {string.Join(", ", own.Select(key => key.Version).Distinct().Order())}", false);
        return own.Exists(key => Fits(key, token)) ? null : ("encryption_type", $"the ticket is encrypted by type {token.EncryptionType}; the keytab has {string.Join(", ", own.Select(key => key.Encryption).Distinct())}", false);
    }

    // Host names have no case.
    private static bool IsOf(KeytabKey key, NegotiateToken token) => string.Equals(key.Principal, $"{token.Service}@{token.Realm}", StringComparison.OrdinalIgnoreCase);
}
