using System.Collections.Immutable;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;

namespace Gatehouse.Forwarding;

/// <summary>Opens connections to one address.</summary>
internal static class Dial
{
    /// <summary>Opens one within the connect time.</summary>
    /// <exception cref="ForwardException">It did not open.</exception>
    public static async Task<UpstreamConnection> OpenAsync(Uri uri, UpstreamPlan plan, TimeProvider time, CancellationToken stop)
    {
        using var late = plan.Times.Connect > TimeSpan.Zero ? new CancellationTokenSource(plan.Times.Connect, time) : new CancellationTokenSource();
        using var both = CancellationTokenSource.CreateLinkedTokenSource(late.Token, stop);
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        SslStream? tls = null;
        try
        {
            await socket.ConnectAsync(uri.IdnHost, uri.Port, both.Token);
            if (uri.Scheme == Uri.UriSchemeHttps)
            {
                // Certificates are judged off the sockets' event thread: that work may be long.
                await Task.Yield();
                tls = new SslStream(new NetworkStream(socket, ownsSocket: false), leaveInnerStreamOpen: false);
                await tls.AuthenticateAsClientAsync(Tls(uri, plan.TrustedRoots), both.Token);
            }

            return new UpstreamConnection(socket, tls, time.GetTimestamp());
        }
        catch (Exception e) when (Failures.IsNetwork(e))
        {
            socket.Dispose();
            if (tls is not null) await tls.DisposeAsync();
            throw new ForwardException(
                stop.IsCancellationRequested ? ForwardError.Stopped
                : late.IsCancellationRequested ? ForwardError.ConnectTimeout
                : tls is not null ? ForwardError.TlsFailed : ForwardError.ConnectFailed,
                e);
        }
    }

    private static SslClientAuthenticationOptions Tls(Uri uri, ImmutableArray<X509Certificate2> roots)
    {
        // No downloads of certificates or revocation lists: they would block the handshake on somebody else's server.
        var chain = new X509ChainPolicy { RevocationMode = X509RevocationMode.NoCheck, DisableCertificateDownloads = true };
        if (!roots.IsDefaultOrEmpty)
        {
            chain.TrustMode = X509ChainTrustMode.CustomRootTrust;
            foreach (var root in roots) chain.CustomTrustStore.Add(root);
        }

        return new SslClientAuthenticationOptions
        {
            TargetHost = uri.IdnHost,
            EnabledSslProtocols = SslProtocols.None, // the system's choice: TLS 1.2 and 1.3
            CertificateChainPolicy = chain,
            ApplicationProtocols = [SslApplicationProtocol.Http11],
        };
    }
}
