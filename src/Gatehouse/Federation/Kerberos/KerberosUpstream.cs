using System.Globalization;
using System.Net;
using System.Runtime.InteropServices;
using Gatehouse.Terms;
using Gatehouse.Wire.Kerberos;

namespace Gatehouse.Federation.Kerberos;

/// <summary>Kerberos tickets for our service (RFC 4559), judged by the system's library with a keytab alone: no server is asked. NTLM is no ticket, and is refused before anything is asked.</summary>
internal sealed class KerberosUpstream : IAsksForTickets, IAcceptsProof
{
    // A ticket's authenticator counts for minutes (clockskew in krb5.conf); nobody sets that to a day.
    private static readonly TimeSpan Remembered = TimeSpan.FromDays(1);

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
        if (upstream["service"] is { } service && !IsService(service)) throw new ArgumentException("'service' is written as HTTP/host, or HTTP/host@REALM.");
    }

    /// <inheritdoc/>
    public IReadOnlyList<string> ProofTypes => [ProofType.Kerberos];

    /// <summary>Our service principal, with its realm where the setting names one.</summary>
    private string Service => upstream["service"] ?? $"HTTP/{(Uri.TryCreate(surroundings.PublicUrl, UriKind.Absolute, out var uri) ? uri.Host : "localhost")}";

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
        var state = State();
        foreach (var key in state.Keys) trace.Add($"key {key.Principal}, version {key.Version}, {key.Encryption}{(key.IsWeak ? " (weak)" : "")}{(key.WrittenAt is { } at ? $", written {at:yyyy-MM-dd}" : "")}{(KeytabState.IsOf(key, Service) ? "" : ", not of this service")}");
        foreach (var alarm in state.Alarms) trace.Add($"alarm: {alarm}");
        if (!NativeLibrary.TryLoad(Gss.Library, out var library)) return Task.FromResult<Finding.Unavailable?>(new Finding.Unavailable(TicketAcceptor.NoLibrary));
        NativeLibrary.Free(library);
        return Task.FromResult(state.Fault is null ? null : new Finding.Unavailable(state.Fault));
    }

    /// <inheritdoc/>
    public string ServiceName => Service.Split('@')[0];

    /// <inheritdoc/>
    public IReadOnlyList<string> Alarms()
    {
        var state = State();
        return state.Fault is null ? state.Alarms : [state.Fault];
    }

    /// <inheritdoc/>
    public async Task<Finding> AcceptAsync(Secret proof, string? target, Trace trace, CancellationToken stop) => (await JudgeAsync(proof, trace, counts: true, stop)).Finding;

    /// <inheritdoc/>
    public Task<(Finding Finding, string? Answer)> JudgeAsync(Secret proof, CancellationToken stop) => JudgeAsync(proof, Trace.None, counts: true, stop);

    /// <inheritdoc/>
    public async Task<string?> DiagnoseAsync(Secret proof, CancellationToken stop)
        => (await JudgeAsync(proof, Trace.None, counts: false, stop)).Finding switch { Finding.Refused refused => refused.Code, Finding.Unavailable => "keytab", _ => null };

    private async Task<(Finding Finding, string? Answer)> JudgeAsync(Secret proof, Trace trace, bool counts, CancellationToken stop)
    {
        if (Read(proof) is not { } token) return (new Finding.Refused("malformed", "the token is not Base64, or too long"), null);
        if (!NegotiateToken.TryRead(token, out var read)) return (new Finding.Refused("malformed", "the token is neither Kerberos nor SPNEGO"), null);
        var state = State();
        if (TicketFault.Of(read, state, Service) is { } clear) return (clear.Down ? new Finding.Unavailable(clear.Detail) : new Finding.Refused(clear.Code, clear.Detail), null);

        // The key's own principal, not what the ticket says of itself: that is anybody's to write.
        var principal = state.Keys.First(key => TicketFault.Fits(key, read)).Principal;
        var acceptance = await Task.Run(() => TicketAcceptor.Accept(keytab, principal, read.Ticket.Span), stop);
        trace.Add($"ticket for {read.Service}@{read.Realm}: {acceptance.Words}");
        switch (acceptance)
        {
            case Acceptance.Broken broken: return (new Finding.Unavailable(broken.Words), null);
            case Acceptance.Bad bad: return (new Finding.Refused(TicketFault.CodeOf(bad), $"the ticket is refused: {bad.Words}"), null);
        }

        var good = (Acceptance.Good)acceptance;
        var finding = PersonOf(good, read);

        // By what is in the ticket and never twice the same, however it is wrapped, and whichever realm of ours it is shown to. The library's own memory is one host's alone.
        if (finding is Finding.Known && counts && !await surroundings.Used.TakeAsync("", "kerberos", read.Print!, surroundings.Time.GetUtcNow() + Remembered, stop)) return (new Finding.Refused("replayed", "the ticket was used before"), null);
        var answer = read.Mechanism is { } mechanism ? NegotiateWriting.Accepted(mechanism, good.Answer) : good.Answer;
        return (finding, answer.Length > 0 ? Convert.ToBase64String(answer) : null);
    }

    private static bool IsService(string text)
        => !text.Any(c => c is <= ' ' or >= '\x7f') && text.Split('@') is [var name, .. var realm] && realm is ([] or [{ Length: > 0 }]) && name.Split('/') is [{ Length: > 0 }, { Length: > 0 }];

    private KeytabState State() => KeytabState.Of(keytab, Service, maxAge, surroundings.Time);

    private static byte[]? Read(Secret proof)
    {
        var text = proof.Reveal();
        if (text.Length > NegotiateToken.Longest * 4 / 3) return null;
        var token = new byte[text.Length];
        return Convert.TryFromBase64String(text, token, out var length) ? token[..length] : null;
    }

    private Finding PersonOf(Acceptance.Good good, NegotiateToken read)
    {
        var at = good.Principal.LastIndexOf('@');
        var (user, realm) = at < 0 ? (good.Principal, read.Realm!) : (good.Principal[..at], good.Principal[(at + 1)..]);
        var realms = (upstream["realms"] ?? read.Realm!).Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (!realms.Contains(realm)) return new Finding.Refused("foreign_realm", $"people of the Kerberos realm '{realm}' do not count here");

        // Services and hosts have tickets too.
        if (user.Contains('/', StringComparison.Ordinal) || user.EndsWith('$')) return new Finding.Refused("not_a_person", "the ticket is a service's or a computer's");
        return new Finding.Known(new UpstreamIdentity { Subject = $"{user}@{realm}", Username = upstream.Flag("keepRealm") ? $"{user}@{realm}" : user, Methods = ["swk"], AuthenticatedAt = good.AuthenticatedAt });
    }
}
