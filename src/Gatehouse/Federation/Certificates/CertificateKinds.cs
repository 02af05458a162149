namespace Gatehouse.Federation.Certificates;

/// <summary>The kind that takes client certificates.</summary>
internal static class CertificateKinds
{
    /// <summary>The kinds.</summary>
    public static IReadOnlyList<UpstreamKind> Kinds { get; } =
    [
        new("certificate", "Client certificate", [
            new("caFile", "PEM file of the authorities that sign people's certificates, intermediate ones included", Required: true),
            new("fromProxy", "whether a proxy in front asks for the certificate and sends it on (RFC 9440); it must be one of the trusted proxies", Otherwise: "false"),
            new("address", "address at which browsers are asked for a certificate; that of --certificate-port, or our public address behind a proxy, when unset"),
            new("revocation", "online: by the certificate's CRL and OCSP addresses, and nobody while they cannot be asked; soft: the same, and let pass while they cannot; none", Otherwise: "online"),
            new("subject", "what is the stable id: dn, serial (with its issuer), email, upn or cn", Otherwise: "dn"),
            new("username", "what is the login name: cn, email, upn or uid", Otherwise: "cn"),
        ], (upstream, surroundings) => new CertificateUpstream(upstream, surroundings)),
    ];
}
