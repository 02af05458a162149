using System.Diagnostics;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Gatehouse.Tests.Kits;

/// <summary>A certificate authority in a scratch folder: people's certificates, a revocation list over HTTP, and OpenSSL's own OCSP responder.</summary>
public sealed class AuthorityKit : IAsyncDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("gatehouse-ca-").FullName;
    private readonly ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly WebFile list = new();
    private readonly List<string> index = [];
    private readonly System.Text.StringBuilder said = new();
    private readonly int ocspPort;
    private Process? responder;
    private int serial = 0x1000;

    public AuthorityKit()
    {
        var request = new CertificateRequest("CN=People's authority", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign | X509KeyUsageFlags.DigitalSignature, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        Root = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-30), DateTimeOffset.UtcNow.AddDays(30));
        File.WriteAllText(CaFile, Root.ExportCertificatePem());
        File.WriteAllText(Path.Combine(folder, "ca.key"), key.ExportPkcs8PrivateKeyPem());
        ocspPort = Loopback.FreePort();
    }

    public X509Certificate2 Root { get; }

    /// <summary>What the responder said.</summary>
    public string Said => said.ToString();

    public string CaFile => Path.Combine(folder, "ca.pem");

    public async Task StartAsync()
    {
        await list.StartAsync();
        Publish();
    }

    /// <summary>Starts the OCSP responder with what is issued by now; once, since it keeps its port for a while after its end.</summary>
    public async Task RespondAsync()
    {
        await File.WriteAllLinesAsync(Path.Combine(folder, "index.txt"), index);
        var start = new ProcessStartInfo("/usr/bin/openssl") { UseShellExecute = false, RedirectStandardError = true, RedirectStandardOutput = true, WorkingDirectory = folder };
        foreach (var word in (string[])["ocsp", "-index", "index.txt", "-port", ocspPort.ToString(), "-rsigner", "ca.pem", "-rkey", "ca.key", "-CA", "ca.pem", "-ndays", "1"]) start.ArgumentList.Add(word);
        responder = Process.Start(start)!;
        var ready = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        void Hear(string? line)
        {
            if (line is null) return;
            lock (said) said.AppendLine(line);

            // Asked by connecting, it would wait for that connection's request for ever.
            if (line.Contains("waiting for OCSP client", StringComparison.Ordinal)) ready.TrySetResult();
        }

        responder.OutputDataReceived += (_, line) => Hear(line.Data);
        responder.ErrorDataReceived += (_, line) => Hear(line.Data);
        responder.BeginErrorReadLine();
        responder.BeginOutputReadLine();
        await ready.Task.WaitAsync(TimeSpan.FromSeconds(10));
    }

    public void StopResponder()
    {
        if (responder is null) return;
        responder.Kill();
        responder.WaitForExit();
        responder.Dispose();
        responder = null;
    }

    /// <summary>A person's certificate with its key. <paramref name="by"/>: crl, ocsp or none, where it says that its revocation is told.</summary>
    public X509Certificate2 Issue(string subject, string by = "crl", string usage = "1.3.6.1.5.5.7.3.2", int fromDays = -1, int toDays = 10, string? email = null, bool revoked = false, AuthorityKit? signer = null)
    {
        subject = subject.Replace("UID=", "OID.0.9.2342.19200300.100.1.1=", StringComparison.Ordinal).Replace("SURNAME=", "OID.2.5.4.4=", StringComparison.Ordinal).Replace("GIVENNAME=", "OID.2.5.4.42=", StringComparison.Ordinal);
        using var own = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(subject, own, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(usage)], false));
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(Root, true, false));
        if (by == "crl") request.CertificateExtensions.Add(CertificateRevocationListBuilder.BuildCrlDistributionPointExtension([list.Url]));
        if (by == "ocsp") request.CertificateExtensions.Add(new X509AuthorityInformationAccessExtension([$"http://127.0.0.1:{ocspPort}/"], []));
        if (email is not null)
        {
            var names = new SubjectAlternativeNameBuilder();
            names.AddEmailAddress(email);
            request.CertificateExtensions.Add(names.Build());
        }

        var number = Interlocked.Increment(ref serial);
        byte[] bytes = [(byte)(number >> 8), (byte)(number & 0xFF)];
        using var made = request.Create((signer ?? this).Root.SubjectName, X509SignatureGenerator.CreateForECDsa((signer ?? this).key), DateTimeOffset.UtcNow.AddDays(fromDays), DateTimeOffset.UtcNow.AddDays(toDays), bytes);
        lock (index) index.Add($"{(revoked ? "R" : "V")}\t{made.NotAfter.ToUniversalTime():yyMMddHHmmss}Z\t{(revoked ? DateTime.UtcNow.AddHours(-1).ToString("yyMMddHHmmss") + "Z" : "")}\t{number:X4}\tunknown\t/CN={number:X4}");
        return X509CertificateLoader.LoadPkcs12(made.CopyWithPrivateKey(own).Export(X509ContentType.Pkcs12), null);
    }

    /// <summary>Publishes the revocation list of these.</summary>
    public void Publish(params X509Certificate2[] revoked)
    {
        var builder = new CertificateRevocationListBuilder();
        foreach (var one in revoked) builder.AddEntry(one.SerialNumberBytes.Span, DateTimeOffset.UtcNow.AddHours(-1));
        list.Body = builder.Build(Root, 1, DateTimeOffset.UtcNow.AddDays(1), HashAlgorithmName.SHA256);
    }

    public void Withdraw() => list.Down = true;

    public async ValueTask DisposeAsync()
    {
        StopResponder();
        await list.DisposeAsync();
        key.Dispose();
        Directory.Delete(folder, recursive: true);
    }
}
