using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Gatehouse.House;

/// <summary>The one listener: its socket is bound before anything else starts, so that the port is known, and a taken port is told in one line.</summary>
public sealed class Listener : IDisposable
{
    private readonly Socket socket;
    private readonly Socket? asking;
    private readonly X509Certificate2? certificate;

    private Listener(Socket socket, Socket? asking, X509Certificate2? certificate) => (this.socket, this.asking, this.certificate) = (socket, asking, certificate);

    /// <summary>Address as clients on this machine reach it.</summary>
    public Uri Url
    {
        get
        {
            var end = (IPEndPoint)socket.LocalEndPoint!;
            var host = end.Address.Equals(IPAddress.Any) || end.Address.Equals(IPAddress.IPv6Any) ? IPAddress.Loopback : end.Address;
            return new UriBuilder(certificate is null ? "http" : "https", host.ToString(), end.Port).Uri;
        }
    }

    /// <summary>Binds. Throws <see cref="StartRefused"/> when the address is wrong, taken, or would serve plain HTTP to a network.</summary>
    public static Listener Bind(ServeOptions options)
    {
        if (!IPAddress.TryParse(options.Address, out var address))
            throw new StartRefused($"'{options.Address}' is not an IP address. Use --address 127.0.0.1, or 0.0.0.0 with --tls-certificate.");
        if (options.CertificatePort is not null && options.Certificate is null) throw new StartRefused("--certificate-port needs --tls-certificate: client certificates are asked for by TLS.");
        if (options.Certificate is null && !IPAddress.IsLoopback(address) && !IsBehindProxy(options))
            throw new StartRefused($"Plain HTTP is served on loopback only, and {address} is not. Give --tls-certificate and --tls-key, or --public-url https://… when a proxy in front ends TLS.");
        var pair = options.Certificate is null ? null : Load(options);
        var bound = Bind(address, options.Port, "--port");
        try
        {
            return new Listener(bound, options.CertificatePort is { } port ? Bind(address, port, "--certificate-port") : null, pair);
        }
        catch (StartRefused)
        {
            bound.Dispose();
            throw;
        }
    }

    /// <summary>Address on which browsers are asked for a certificate, with the host that clients see; null when there is none.</summary>
    public string? CertificateUrl(string publicUrl)
        => asking is not null && Uri.TryCreate(publicUrl, UriKind.Absolute, out var seen) ? new UriBuilder("https", seen.Host, ((IPEndPoint)asking.LocalEndPoint!).Port).Uri.GetLeftPart(UriPartial.Authority) : null;

    /// <summary>The bound socket of an address, for Kestrel to take: it closes it as soon as the program begins to stop, so that nobody new is left waiting while open requests end.</summary>
    public Socket Take(EndPoint address) => asking is not null && address.Equals(asking.LocalEndPoint) ? asking : socket;

    /// <summary>Tells Kestrel where it listens.</summary>
    public void Use(KestrelServerOptions kestrel)
    {
        // HTTP/2 needs TLS to be negotiated; without it HTTP/1.1 is all that browsers speak.
        kestrel.Listen((IPEndPoint)socket.LocalEndPoint!, listen =>
        {
            listen.Protocols = certificate is null ? HttpProtocols.Http1 : HttpProtocols.Http1AndHttp2;
            if (certificate is not null) listen.UseHttps(certificate);
            Gateway.ConnectionMemo.Install(listen);
        });

        // A port of its own: elsewhere every browser with a certificate would be asked about it. Whether it counts is judged by the provider's settings, not here.
        if (asking is not null)
        {
            kestrel.Listen((IPEndPoint)asking.LocalEndPoint!, listen =>
            {
                listen.Protocols = HttpProtocols.Http1;
                listen.UseHttps(certificate!, https =>
                {
                    https.ClientCertificateMode = Microsoft.AspNetCore.Server.Kestrel.Https.ClientCertificateMode.AllowCertificate;
                    https.AllowAnyClientCertificate();
                });
                Gateway.ConnectionMemo.Install(listen);
            });
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        socket.Dispose();
        asking?.Dispose();
        certificate?.Dispose();
    }

    private static Socket Bind(IPAddress address, int port, string option)
    {
        var bound = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            bound.Bind(new IPEndPoint(address, port));
            return bound;
        }
        catch (SocketException wrong)
        {
            bound.Dispose();
            throw new StartRefused($"Port {port} on {address} cannot be had ({wrong.SocketErrorCode}). Stop what uses it, or take another with {option}.");
        }
    }

    private static bool IsBehindProxy(ServeOptions options)
        => options.PublicUrl?.StartsWith("https://", StringComparison.OrdinalIgnoreCase) == true;

    private static X509Certificate2 Load(ServeOptions options)
    {
        try
        {
            return X509Certificate2.CreateFromPemFile(options.Certificate!, options.CertificateKey ?? options.Certificate);
        }
        catch (Exception wrong) when (wrong is IOException or UnauthorizedAccessException or System.Security.Cryptography.CryptographicException)
        {
            throw new StartRefused($"The certificate '{options.Certificate}' or its key cannot be read: {wrong.Message}");
        }
    }
}
