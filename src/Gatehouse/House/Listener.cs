using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;

namespace Gatehouse.House;

/// <summary>The one listener: its socket is bound before anything else starts, so that the port is known, and a taken port is told in one line.</summary>
public sealed class Listener : IDisposable
{
    private readonly Socket socket;
    private readonly X509Certificate2? certificate;

    private Listener(Socket socket, X509Certificate2? certificate)
    {
        this.socket = socket;
        this.certificate = certificate;
    }

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
        if (options.Certificate is null && !IPAddress.IsLoopback(address) && !IsBehindProxy(options))
            throw new StartRefused($"Plain HTTP is served on loopback only, and {address} is not. Give --tls-certificate and --tls-key, or --public-url https://… when a proxy in front ends TLS.");
        var pair = options.Certificate is null ? null : Load(options);
        var bound = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            bound.Bind(new IPEndPoint(address, options.Port));
            return new Listener(bound, pair);
        }
        catch (SocketException wrong)
        {
            bound.Dispose();
            throw new StartRefused($"Port {options.Port} on {address} cannot be had ({wrong.SocketErrorCode}). Stop what uses it, or take another with --port.");
        }
    }

    /// <summary>The bound socket, for Kestrel to take: it closes it as soon as the program begins to stop, so that nobody new is left waiting while open requests end.</summary>
    public Socket Take() => socket;

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
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        socket.Dispose();
        certificate?.Dispose();
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
