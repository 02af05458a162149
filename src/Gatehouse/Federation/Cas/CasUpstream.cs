using System.Collections.Immutable;
using System.Text;
using Gatehouse.Terms;
using Gatehouse.Wire.Cas;
using Gatehouse.Wire.Saml;

namespace Gatehouse.Federation.Cas;

/// <summary>A CAS server (CAS Protocol 3.0 specification): the browser goes there with our address and comes back with a ticket, which the server is asked about with that very address, once.</summary>
internal sealed class CasUpstream : IRedirects, IAcceptsProof, ISignsOut, IHearsSignOut
{
    private readonly Upstream upstream;
    private readonly Surroundings surroundings;
    private readonly string url;
    private readonly string validate;
    private readonly bool plain;

    /// <summary>Opens one. Throws <see cref="ArgumentException"/> when its settings are wrong.</summary>
    public CasUpstream(Upstream upstream, Surroundings surroundings)
    {
        (this.upstream, this.surroundings) = (upstream, surroundings);
        url = upstream["url"]!.TrimEnd('/');
        if (!Uri.TryCreate(url, UriKind.Absolute, out var uri) || uri.Scheme is not ("https" or "http") || uri.Query.Length > 0 || uri.Fragment.Length > 0 || uri.UserInfo.Length > 0) throw new ArgumentException("'url' is no web address.");

        // Whoever can read the wire could vouch for anybody.
        if (uri.Scheme == "http" && !uri.IsLoopback) throw new ArgumentException("'url' must be https: over plain http anybody on the way could vouch for anybody.");
        validate = url + (upstream["protocol"] ?? "3") switch
        {
            "1" => "/validate",
            "2" => "/serviceValidate",
            "3" => "/p3/serviceValidate",
            var odd => throw new ArgumentException($"'protocol' is 1, 2 or 3, not '{odd}'."),
        };
        plain = upstream["protocol"] == "1";
    }

    /// <inheritdoc/>
    public bool SignsOut => upstream.Flag("signOutThere");

    /// <inheritdoc/>
    public async Task<Finding.Unavailable?> ProbeAsync(Trace trace, CancellationToken stop)
        => await AskAsync("ST-" + new string('0', 40), surroundings.PublicUrl + "/", false, trace, stop) switch
        {
            Finding.Unavailable not => not,
            Finding.Refused { Code: "bad_answer" } odd => new Finding.Unavailable(odd.Detail),
            _ => null,
        };

    /// <inheritdoc/>
    public Task<(Going? Going, Finding.Unavailable? Not)> BeginAsync(Attempt attempt, Trace trace, CancellationToken stop)
        => Task.FromResult<(Going?, Finding.Unavailable?)>((new Going(new Uri($"{url}/login?service={Uri.EscapeDataString(ServiceOf(attempt))}{(attempt.Fresh ? "&renew=true" : "")}")), null));

    /// <inheritdoc/>
    public async Task<Finding> FinishAsync(Attempt attempt, Returned returned, Trace trace, CancellationToken stop)
        => returned["ticket"] is { } ticket ? await AskAsync(ticket, ServiceOf(attempt), attempt.Fresh, trace, stop) : new Finding.Refused("access_denied", "the answer has no ticket");

    /// <inheritdoc/>
    public IReadOnlyList<string> ProofTypes => [ProofType.CasTicket];

    /// <inheritdoc/>
    public Task<Finding> AcceptAsync(Secret proof, string? target, Trace trace, CancellationToken stop)
        => target is not null && (upstream["services"] ?? "").Split(' ').Contains(target) ? AskAsync(proof.Reveal(), target, false, trace, stop)
            : Task.FromResult<Finding>(new Finding.Refused("wrong_service", "tickets for this service may not be traded; 'services' lists those that may"));

    /// <inheritdoc/>
    public Task<Going?> LeaveAsync(Attempt attempt, string hint, string? session, CancellationToken stop)
        => Task.FromResult<Going?>(new Going(new Uri($"{url}/logout?service={Uri.EscapeDataString($"{attempt.ReturnAddress}?state={attempt.Id}")}")));

    /// <inheritdoc/>
    public Task<(AskedToEnd? Asked, string? Fault)> HearAsync(Returned returned, CancellationToken stop)
    {
        // Not signed (2.3.3): nobody but the server, us and the browser knows the ticket, and it ends that one session at worst. Servers leave the issuer or the name out, so only the ticket is read.
        (AskedToEnd?, string?) heard = returned.Form.TryGetValue("logoutRequest", out var text) && SamlXml.TryRead(Encoding.UTF8.GetBytes(text), new SamlLimits { Bytes = 16 * 1024, AllowComments = true }, out var root, out _)
            && root.Is(SamlNames.Protocol, "LogoutRequest") && root.Elements(SamlNames.Protocol, "SessionIndex").ToList() is [var index] && string.Concat(index.Children.Select(child => child.Text)).Trim() is var ticket && CasTicket.IsSound(ticket)
            ? (new AskedToEnd(null, [ticket], null), null) : (null, "the logout request names no ticket");
        return Task.FromResult(heard);
    }

    private static string ServiceOf(Attempt attempt) => $"{attempt.ReturnAddress}?state={attempt.Id}";

    private async Task<Finding> AskAsync(string ticket, string service, bool fresh, Trace trace, CancellationToken stop)
    {
        if (!CasTicket.IsSound(ticket)) return new Finding.Refused("bad_ticket", "what came is no service ticket");
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, $"{validate}?service={Uri.EscapeDataString(service)}&ticket={Uri.EscapeDataString(ticket)}{(fresh ? "&renew=true" : "")}");
            var (status, body) = await surroundings.Http.SendAsync(request, stop);
            trace.Add($"GET {validate}: {(int)status}, {body.Length} bytes");
            if ((int)status >= 500) return new Finding.Unavailable($"{validate} answered {(int)status}");
            if ((int)status != 200) return new Finding.Refused("bad_answer", $"{validate} answered {(int)status}");
            return (plain ? CasAnswer.ReadPlain(body) : CasAnswer.ReadXml(body)) switch
            {
                CasAnswer.Success good => PersonOf(good, ticket) is { } person ? new Finding.Known(person) : new Finding.Refused("no_stable_subject", "'subjectAttribute' is missing, or has several values"),
                CasAnswer.Failure { Code: "INTERNAL_ERROR" } bad => new Finding.Unavailable($"{validate} answered {bad.Code}"),
                CasAnswer.Failure bad => new Finding.Refused(bad.Code.ToLowerInvariant(), $"the server answered {bad.Code}"),
                _ => new Finding.Refused("bad_answer", $"{validate} answered nothing of the protocol"),
            };
        }
        catch (Exception wrong) when (wrong is HttpRequestException or IOException || (wrong is OperationCanceledException && !stop.IsCancellationRequested))
        {
            trace.Add($"GET {validate}: {wrong.Message}");
            return new Finding.Unavailable(wrong.Message);
        }
    }

    private UpstreamIdentity? PersonOf(CasAnswer.Success good, string ticket)
    {
        ImmutableArray<string> All(string setting, string otherwise) => good.Attributes.GetValueOrDefault(upstream[setting] ?? otherwise, []);
        string? One(string setting, string otherwise) => All(setting, otherwise).FirstOrDefault(value => value.Length > 0);
        var subject = upstream["subjectAttribute"] is null ? good.User : All("subjectAttribute", "") is [{ Length: > 0 } only] ? only : null;
        return subject is null ? null : new UpstreamIdentity
        {
            Subject = subject, Username = good.User, Email = One("emailAttribute", "mail"), EmailVerified = One("emailAttribute", "mail") is not null, FirstName = One("firstNameAttribute", "givenName"), LastName = One("lastNameAttribute", "sn"),
            Groups = All("groupsAttribute", "groups"), Attributes = good.Attributes, SessionId = ticket, SignOutHint = "cas",
        };
    }
}
