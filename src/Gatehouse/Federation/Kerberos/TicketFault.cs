using Gatehouse.Wire.Kerberos;

namespace Gatehouse.Federation.Kerberos;

/// <summary>Why a ticket cannot fit, from what stands on it in the clear and what the keytab holds: the library itself only says no.</summary>
internal static class TicketFault
{
    /// <summary>The fault with a stable code; null when nothing speaks against the ticket. Down when it is not the ticket's fault.</summary>
    public static (string Code, string Detail, bool Down)? Of(NegotiateToken token, KeytabState keytab, string service)
    {
        if (token.Kind == NegotiateKind.Ntlm) return ("ntlm", "the browser sent NTLM: it has no ticket, or does not trust this site", false);
        if (token.Kind == NegotiateKind.Other) return ("not_kerberos", "the token is of another mechanism", false);
        if (keytab.Fault is { } fault) return ("keytab", fault, true);
        if (!string.Equals(token.Service, service, StringComparison.OrdinalIgnoreCase)) return ("wrong_service", $"the ticket is for {token.Service}, not for {service}", false);
        var own = keytab.Keys.Where(key => string.Equals(key.Principal, $"{token.Service}@{token.Realm}", StringComparison.OrdinalIgnoreCase)).ToList();
        if (own.Count == 0) return ("wrong_realm", $"the keytab has no key of {token.Service}@{token.Realm}", false);
        if (token.KeyVersion is { } version and > 0 && own.All(key => key.Version != version)) return ("key_version", $"the ticket is for version {version} of the key; the keytab has {string.Join(", ", own.Select(key => key.Version).Distinct().Order())}", false);
        return own.Exists(key => key.EncryptionType == token.EncryptionType) ? null : ("encryption_type", $"the ticket is encrypted by type {token.EncryptionType}; the keytab has {string.Join(", ", own.Select(key => key.Encryption).Distinct())}", false);
    }
}
