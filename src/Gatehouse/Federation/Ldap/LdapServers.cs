using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace Gatehouse.Federation.Ldap;

/// <summary>How the directory's servers are reached.</summary>
/// <param name="Servers">Addresses in the order of preference: <c>ldap</c> or <c>ldaps</c>.</param>
/// <param name="StartTls">Plain connections turn to TLS before anything is said.</param>
/// <param name="Plain">Plain connections are allowed beyond this host: someone said so.</param>
/// <param name="Authorities">Certificates that may have signed the servers'; empty for the system's own list.</param>
public sealed record LdapServers(IReadOnlyList<Uri> Servers, bool StartTls, bool Plain, X509Certificate2Collection Authorities)
{
    /// <summary>Reads the settings. Throws <see cref="ArgumentException"/> with words for who wrote them.</summary>
    public static LdapServers Of(Upstream upstream)
    {
        var servers = new List<Uri>();
        foreach (var text in upstream["urls"]!.Split((char[])[' ', ','], StringSplitOptions.RemoveEmptyEntries))
        {
            if (!Uri.TryCreate(text, UriKind.Absolute, out var uri) || uri.Scheme is not ("ldap" or "ldaps") || uri.Host.Length == 0 || uri.AbsolutePath.Length > 1) throw new ArgumentException($"'{text}' is no address like ldaps://directory.example:636.");
            servers.Add(uri);
        }

        var (start, plain) = (upstream.Flag("startTls"), upstream.Flag("allowPlain"));
        if (!start && !plain && servers.FirstOrDefault(one => one.Scheme == "ldap" && !one.IsLoopback) is { } open)
            throw new ArgumentException($"Passwords would go to {open} in plain text. Use ldaps, or 'startTls: true'; 'allowPlain: true' where the wire is safe by other means.");
        return new LdapServers(servers, start, plain, Read(upstream["caFile"]));
    }

    /// <summary>TLS options for a server: its name must stand in its certificate.</summary>
    public SslClientAuthenticationOptions TlsFor(Uri server)
    {
        var options = new SslClientAuthenticationOptions { TargetHost = server.IdnHost };
        if (Authorities.Count == 0) return options;
        options.CertificateChainPolicy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        options.CertificateChainPolicy.CustomTrustStore.AddRange(Authorities);
        return options;
    }

    private static X509Certificate2Collection Read(string? file)
    {
        var all = new X509Certificate2Collection();
        if (file is null) return all;
        try
        {
            all.ImportFromPemFile(file);
        }
        catch (Exception wrong) when (wrong is IOException or UnauthorizedAccessException or System.Security.Cryptography.CryptographicException)
        {
            throw new ArgumentException($"The certificates in '{file}' cannot be read: {wrong.Message}", wrong);
        }

        return all.Count > 0 ? all : throw new ArgumentException($"The file '{file}' holds no certificate.");
    }
}
