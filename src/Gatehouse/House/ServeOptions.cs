namespace Gatehouse.House;

/// <summary>What <c>gatehouse serve</c> was told on its command line. Everything else comes from the settings file and the environment.</summary>
public sealed record ServeOptions
{
    /// <summary>Address to listen on; only a loopback address may be plain HTTP without a trusted proxy.</summary>
    public string Address { get; init; } = "127.0.0.1";

    /// <summary>Port; 0 takes a free one, which is printed.</summary>
    public int Port { get; init; } = 8080;

    /// <summary>Data folder: database, root key.</summary>
    public string Data { get; init; } = "./data";

    /// <summary>Settings file (JSON); null means <c>gatehouse.json</c> in the data folder, if there is one.</summary>
    public string? Settings { get; init; }

    /// <summary>Access file of the gate; null means <c>access.yaml</c> in the data folder, if there is one.</summary>
    public string? Access { get; init; }

    /// <summary>Address under which clients see the program; null means where it listens.</summary>
    public string? PublicUrl { get; init; }

    /// <summary>Certificate file (PEM, with chain) for TLS; null means plain HTTP.</summary>
    public string? Certificate { get; init; }

    /// <summary>Private key file (PEM) of <see cref="Certificate"/>.</summary>
    public string? CertificateKey { get; init; }

    /// <summary>Second port, on which browsers are asked for a client certificate (needs TLS); null for none.</summary>
    public int? CertificatePort { get; init; }

    /// <summary>Start the demo: realm <c>contact-centre</c>, its people and clients, and the demo desk behind the gate.</summary>
    public bool Demo { get; init; }
}
