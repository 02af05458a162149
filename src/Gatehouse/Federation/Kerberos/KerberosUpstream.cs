using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Security.Cryptography;
using Gatehouse.Terms;
using Gatehouse.Wire.Kerberos;

namespace Gatehouse.Federation.Kerberos;

/// <summary>Kerberos tickets for our service (RFC 4559), judged by the system's library through .NET's <see cref="NegotiateAuthentication"/>. NTLM is no ticket, and is refused before anything is asked.</summary>
internal sealed class KerberosUpstream : IAcceptsProof, IAsksForTickets
{
    private static readonly TimeSpan Remembered = TimeSpan.FromMinutes(15);

    private readonly Upstream upstream;
    private readonly Surroundings surroundings;
    private readonly string keytab;
    private readonly List<IPNetwork> networks = [];
    private readonly int maxAge;

    /// <summary>Opens one. Throws <see cref="ArgumentException"/> when its settings are wrong.</summary>
    public KerberosUpstream(Upstream upstream, Surroundings surroundings)
    {
        (this.upstream, this.surroundings, keytab) = (upstream, surroundings, Path.GetFullPath(upstream["keytab"]!));
        foreach (var text in (upstream["networks"] ?? "").Split((char[])[' ', ','], StringSplitOptions.RemoveEmptyEntries))
            networks.Add(IPNetwork.TryParse(text, out var network) ? network : throw new ArgumentException($"'{text}' in 'networks' is no network; write 10.0.0.0/8."));
        maxAge = int.TryParse(upstream["keytabMaxAge"] ?? "365", NumberStyles.None, CultureInfo.InvariantCulture, out var days) && days is >= 1 and <= 3650 ? days : throw new ArgumentException("'keytabMaxAge' is 1 to 3650 days.");
        if (upstream["service"] is { } service && (!service.Contains('/', StringComparison.Ordinal) || service.Any(c => c is <= ' ' or >= '\x7f'))) throw new ArgumentException("'service' is written as HTTP/host, or HTTP/host@REALM.");
    }

    /// <inheritdoc/>
    public IReadOnlyList<string> ProofTypes => [ProofType.Kerberos];

    /// <summary>Our service principal without its realm.</summary>
    private string Service => (upstream["service"] ?? $"HTTP/{(Uri.TryCreate(surroundings.PublicUrl, UriKind.Absolute, out var uri) ? uri.Host : "localhost")}").Split('@')[0];

    /// <inheritdoc/>
    public bool Asks(IPAddress? address)
    {
        if (networks.Count == 0) return true;
        if (address is { IsIPv4MappedToIPv6: true }) address = address.MapToIPv4();
        return address is not null && networks.Exists(network => network.Contains(address));
    }

    /// <inheritdoc/>
    public Task<Finding.Unavailable?> ProbeAsync(Trace trace, CancellationToken stop)
    {
        var state = KeytabState.Of(keytab, Service, maxAge, surroundings.Time);
        foreach (var key in state.Keys) trace.Add($"key {key.Principal}, version {key.Version}, {key.Encryption}{(key.IsWeak ? " (weak)" : "")}, written {key.WrittenAt:yyyy-MM-dd}");
        foreach (var alarm in state.Alarms) trace.Add($"alarm: {alarm}");
        return Task.FromResult(state.Fault is null ? null : new Finding.Unavailable(state.Fault));
    }

    /// <inheritdoc/>
    public string ServiceName => Service;

    /// <inheritdoc/>
    public string? Diagnose(Secret proof)
        => Read(proof) is not { } token || !NegotiateToken.TryRead(token, out var read) ? "malformed" : TicketFault.Of(read, KeytabState.Of(keytab, Service, maxAge, surroundings.Time), Service)?.Code;

    /// <inheritdoc/>
    public IReadOnlyList<string> Alarms()
    {
        var state = KeytabState.Of(keytab, Service, maxAge, surroundings.Time);
        return state.Fault is null ? state.Alarms : [state.Fault];
    }

    /// <inheritdoc/>
    public async Task<Finding> AcceptAsync(Secret proof, string? target, Trace trace, CancellationToken stop)
    {
        if (Read(proof) is not { } token) return new Finding.Refused("malformed", "the token is not Base64, or too long");
        if (!NegotiateToken.TryRead(token, out var read)) return new Finding.Refused("malformed", "the token is neither Kerberos nor SPNEGO");
        var diagnosis = TicketFault.Of(read, KeytabState.Of(keytab, Service, maxAge, surroundings.Time), Service);
        if (diagnosis is not null) return diagnosis.Value.Down ? new Finding.Unavailable(diagnosis.Value.Detail) : new Finding.Refused(diagnosis.Value.Code, diagnosis.Value.Detail);

        // Said by its name, where the library would only call it bad.
        if (await surroundings.Used.HasAsync(upstream.Realm, Source, IdOf(token), stop)) return Replayed();
        try
        {
            var (name, package, status) = await Task.Run(() => surroundings.AcceptorKeys.WithAsync(keytab, () => Judge(token), stop), stop);
            trace.Add($"ticket for {read.Service}@{read.Realm}: {status}");
            if (status != NegotiateAuthenticationStatusCode.Completed) return new Finding.Refused("bad_ticket", $"the ticket is refused ({status}): it is over, this host's clock differs by more than five minutes, or the keytab's key is not the one in the KDC");
            if (package != "Kerberos" || name is null) return new Finding.Refused("not_kerberos", $"the answer came by {package}");
            return await FoundAsync(name, read, token, stop);
        }
        catch (Exception missing) when (missing is DllNotFoundException or EntryPointNotFoundException or PlatformNotSupportedException or InvalidOperationException)
        {
            return new Finding.Unavailable($"the system's Kerberos library (Debian: libgssapi-krb5-2) cannot be used: {missing.Message}");
        }
    }

    private string Source => $"kerberos {upstream.Id}";

    private static string IdOf(byte[] token) => Convert.ToHexString(SHA256.HashData(token));

    private static Finding.Refused Replayed() => new("replayed", "the token was used before");

    private static byte[]? Read(Secret proof)
    {
        var token = new byte[NegotiateToken.Longest];
        return proof.Reveal().Length <= NegotiateToken.Longest * 4 / 3 && Convert.TryFromBase64String(proof.Reveal(), token, out var length) ? token[..length] : null;
    }

    private static (string? Name, string Package, NegotiateAuthenticationStatusCode Status) Judge(byte[] token)
    {
        using var negotiation = new NegotiateAuthentication(new NegotiateAuthenticationServerOptions { Package = "Negotiate", RequiredProtectionLevel = ProtectionLevel.None });
        negotiation.GetOutgoingBlob(token, out var status);
        return status == NegotiateAuthenticationStatusCode.Completed ? (negotiation.RemoteIdentity.Name, negotiation.Package, status) : (null, "", status);
    }

    private async Task<Finding> FoundAsync(string name, NegotiateToken read, byte[] token, CancellationToken stop)
    {
        var at = name.LastIndexOf('@');
        var (user, realm) = at < 0 ? (name, read.Realm!) : (name[..at], name[(at + 1)..]);
        var realms = (upstream["realms"] ?? read.Realm!).Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (!realms.Contains(realm)) return new Finding.Refused("foreign_realm", $"people of the Kerberos realm '{realm}' do not count here");

        // Services and hosts have tickets too.
        if (user.Contains('/', StringComparison.Ordinal) || user.EndsWith('$')) return new Finding.Refused("not_a_person", "the ticket is a service's or a computer's");

        // The library's own memory is this host's alone.
        if (!await surroundings.Used.TakeAsync(upstream.Realm, Source, IdOf(token), surroundings.Time.GetUtcNow() + Remembered, stop)) return Replayed();
        return new Finding.Known(new UpstreamIdentity { Subject = $"{user}@{realm}", Username = upstream.Flag("keepRealm") ? $"{user}@{realm}" : user, Methods = ["swk"] });
    }
}
