using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Gatehouse.Federation.Certificates;

/// <summary>
/// Client certificates: the browser goes to the address where it is asked for one, and the handshake there is the proof; or a named proxy asks, and sends on what it saw (RFC 9440). The chain must end at a configured authority, be for
/// clients (RFC 5280, 4.2.1.12), and not be revoked.
/// </summary>
internal sealed class CertificateUpstream : IRedirects
{
    private const string ForClients = "1.3.6.1.5.5.7.3.2";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly Upstream upstream;
    private readonly Surroundings surroundings;
    private readonly X509Certificate2Collection roots = [];
    private readonly X509Certificate2Collection between = [];
    private readonly bool fromProxy;
    private readonly string revocation;

    /// <summary>Opens one. Throws <see cref="ArgumentException"/> when its settings are wrong.</summary>
    public CertificateUpstream(Upstream upstream, Surroundings surroundings)
    {
        (this.upstream, this.surroundings, fromProxy) = (upstream, surroundings, upstream.Flag("fromProxy"));
        revocation = One("revocation", "online", "online", "soft", "none");
        One("subject", "dn", "dn", "serial", "email", "upn", "cn");
        One("username", "cn", "cn", "email", "upn", "uid");
        if (upstream["address"] is { } address && !(Uri.TryCreate(address, UriKind.Absolute, out var uri) && uri.Scheme == "https")) throw new ArgumentException("'address' is no https address.");
        var all = new X509Certificate2Collection();
        try
        {
            all.ImportFromPemFile(upstream["caFile"]!);
        }
        catch (Exception wrong) when (wrong is IOException or UnauthorizedAccessException or CryptographicException)
        {
            throw new ArgumentException($"The certificates in '{upstream["caFile"]}' cannot be read: {wrong.Message}", wrong);
        }

        foreach (var one in all) (one.SubjectName.RawData.AsSpan().SequenceEqual(one.IssuerName.RawData) ? roots : between).Add(one);
        if (roots.Count == 0) throw new ArgumentException($"The file '{upstream["caFile"]}' holds no root authority.");
    }

    /// <inheritdoc/>
    public Task<Finding.Unavailable?> ProbeAsync(Trace trace, CancellationToken stop)
    {
        foreach (var root in roots) trace.Add($"authority {root.Subject}, until {root.NotAfter:yyyy-MM-dd}");
        trace.Add($"browsers are asked at {Address ?? "no address: start with --certificate-port, or set 'address' or 'fromProxy'"}");
        return Task.FromResult(Address is null ? new Finding.Unavailable("no address where browsers are asked for a certificate") : null);
    }

    /// <inheritdoc/>
    public Task<(Going? Going, Finding.Unavailable? Not)> BeginAsync(Attempt attempt, Trace trace, CancellationToken stop)
        => Task.FromResult<(Going?, Finding.Unavailable?)>(Address is { } address ? (new Going(new Uri($"{address}/realms/{upstream.Realm}/broker/{upstream.Alias}/endpoint?state={attempt.Id}")), null) : (null, new Finding.Unavailable("no address where browsers are asked for a certificate")));

    /// <inheritdoc/>
    public async Task<Finding> FinishAsync(Attempt attempt, Returned returned, Trace trace, CancellationToken stop)
    {
        var shown = fromProxy ? returned.ProxyCertificates : returned.Certificates;
        if (shown.Count == 0) return new Finding.Refused("no_certificate", fromProxy ? "the proxy sent no certificate" : "the browser sent no certificate");

        // Revocation is asked over the network, by calls that hold their thread.
        return await Task.Run(() => Judge(shown[0], shown.Skip(1), trace), stop);
    }

    private string? Address => (upstream["address"] ?? (fromProxy ? surroundings.PublicUrl : surroundings.CertificateUrl))?.TrimEnd('/');

    private Finding Judge(byte[] leaf, IEnumerable<byte[]> more, Trace trace)
    {
        var extra = new X509Certificate2Collection(between);
        try
        {
            using var certificate = X509CertificateLoader.LoadCertificate(leaf);
            foreach (var one in more) extra.Add(X509CertificateLoader.LoadCertificate(one));
            using var chain = new X509Chain();
            var policy = chain.ChainPolicy;
            (policy.TrustMode, policy.DisableCertificateDownloads, policy.VerificationTime, policy.UrlRetrievalTimeout) = (X509ChainTrustMode.CustomRootTrust, true, surroundings.Time.GetUtcNow().LocalDateTime, Patience);
            (policy.RevocationMode, policy.RevocationFlag) = (revocation == "none" ? X509RevocationMode.NoCheck : X509RevocationMode.Online, X509RevocationFlag.ExcludeRoot);
            policy.CustomTrustStore.AddRange(roots);
            policy.ExtraStore.AddRange(extra);
            policy.ApplicationPolicy.Add(new Oid(ForClients));
            chain.Build(certificate);
            var status = chain.ChainStatus.Aggregate(X509ChainStatusFlags.NoError, (all, one) => all | one.Status);
            trace.Add($"certificate {certificate.Subject}: {status}");
            const X509ChainStatusFlags Unasked = X509ChainStatusFlags.RevocationStatusUnknown | X509ChainStatusFlags.OfflineRevocation;
            if (status.HasFlag(X509ChainStatusFlags.Revoked)) return new Finding.Refused("revoked", $"the certificate {certificate.SerialNumber} is revoked");
            if ((status & ~Unasked) is var wrong and not X509ChainStatusFlags.NoError) return new Finding.Refused(CodeOf(wrong), $"the certificate {certificate.SerialNumber} is refused: {wrong}");
            if ((status & Unasked) != X509ChainStatusFlags.NoError && revocation != "soft") return new Finding.Unavailable("whether the certificate is revoked cannot be asked now");
            return CertificatePerson.Of(certificate, upstream["subject"] ?? "dn", upstream["username"] ?? "cn") is { } person ? new Finding.Known(person) : new Finding.Refused("no_stable_subject", "the certificate lacks what 'subject' names");
        }
        catch (CryptographicException odd)
        {
            return new Finding.Refused("malformed", $"the certificate cannot be read: {odd.Message}");
        }
    }

    private static string CodeOf(X509ChainStatusFlags status)
        => status.HasFlag(X509ChainStatusFlags.NotTimeValid) ? "expired" : status.HasFlag(X509ChainStatusFlags.NotValidForUsage) ? "wrong_usage"
            : (status & (X509ChainStatusFlags.UntrustedRoot | X509ChainStatusFlags.PartialChain | X509ChainStatusFlags.NotSignatureValid)) != X509ChainStatusFlags.NoError ? "untrusted" : "bad_certificate";

    private string One(string name, string otherwise, params string[] known)
        => upstream[name] is not { } text ? otherwise : known.Contains(text) ? text : throw new ArgumentException($"'{name}' is one of {string.Join(", ", known)}.");
}
