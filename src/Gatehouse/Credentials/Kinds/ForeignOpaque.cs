using System.Collections.Concurrent;
using System.Collections.Frozen;
using System.Net.Http.Headers;
using System.Text;
using Gatehouse.Outbound;
using Gatehouse.Terms;
using Gatehouse.Tokens;
using Gatehouse.Wire.Jose;
using Gatehouse.Wire.Text;

namespace Gatehouse.Credentials.Kinds;

/// <summary>How a foreign issuer introspects.</summary>
/// <param name="Endpoint">Introspection endpoint (RFC 7662).</param>
/// <param name="Client">Our client id there.</param>
/// <param name="Secret">Our secret there.</param>
/// <param name="Cache">How long an answer is believed.</param>
/// <param name="SubjectPrefix">Put before each <c>sub</c>, so that no subject of this issuer can pass for one of ours; empty to take them as they are.</param>
/// <param name="Audiences">One of these must be named; empty when the issuer names none.</param>
public sealed record ForeignOpaqueTrust(Uri Endpoint, string Client, Secret Secret, TimeSpan Cache, string SubjectPrefix, IReadOnlyList<string> Audiences);

/// <summary>Opaque tokens of a foreign issuer, by introspection. Answers are believed for a short time (the gate's cache keeps them); one question serves all who ask the same at once; after repeated failures the issuer is left alone for a moment (circuit breaker).</summary>
public sealed class ForeignOpaque(ForeignOpaqueTrust trust, string realm, OutboundHttp http, TimeProvider time) : ICredentialVerifier
{
    private const int Patience = 3;
    private const int MostWaiting = 128;
    private static readonly TimeSpan Rest = TimeSpan.FromSeconds(5);

    private readonly AuthenticationHeaderValue basic = new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{Uri.EscapeDataString(trust.Client)}:{Uri.EscapeDataString(trust.Secret.Reveal())}")));
    private readonly ConcurrentDictionary<string, Lazy<Task<Verdict>>> asking = new();
    private int failures;
    private int waiting;
    private long restsSince;

    /// <inheritdoc/>
    public async ValueTask<Verdict> VerifyAsync(Credential credential, CancellationToken stop)
    {
        var token = credential.Value.Reveal();
        // A flood of strangers' tokens must not become a flood of questions.
        if (Volatile.Read(ref waiting) >= MostWaiting) return new Verdict.Unavailable(Reasons.VerifierUnavailable);
        return await asking.GetOrAdd(token, (key, me) => new Lazy<Task<Verdict>>(() => me.AskOnceAsync(key)), this).Value.WaitAsync(stop);
    }

    private async Task<Verdict> AskOnceAsync(string token)
    {
        Interlocked.Increment(ref waiting);
        try
        {
            return await Task.Run(() => AskAsync(token));
        }
        finally
        {
            Interlocked.Decrement(ref waiting);
            asking.TryRemove(token, out _);
        }
    }

    // Not a request's own token: whoever asked first may leave, the others still wait.
    private async Task<Verdict> AskAsync(string token)
    {
        if (Volatile.Read(ref failures) >= Patience && time.GetElapsedTime(Volatile.Read(ref restsSince)) < Rest) return new Verdict.Unavailable(Reasons.VerifierUnavailable);
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, trust.Endpoint)
            {
                Content = new FormUrlEncodedContent([new("token", token), new("token_type_hint", "access_token")]),
            };
            request.Headers.Authorization = basic;
            request.Headers.Accept.ParseAdd("application/json");
            var (status, body) = await http.SendAsync(request, CancellationToken.None);
            if ((int)status != 200 || !JwtClaims.TryParse(body, Limits.Default, out var claims, out _)) return Failed();
            Interlocked.Exchange(ref failures, 0);
            return Judge(claims);
        }
        catch (Exception wrong) when (wrong is HttpRequestException or OperationCanceledException or IOException)
        {
            return Failed();
        }
    }

    /// <inheritdoc/>
    public bool StillStands(Principal principal) => true;

    /// <inheritdoc/>
    public async ValueTask<bool> LivesAsync(Principal principal, Credential credential, CancellationToken stop) => await VerifyAsync(credential, stop) is not Verdict.Rejected;

    private Verdict Judge(JwtClaims claims)
    {
        if (claims.Member("active")?.ValueKind != System.Text.Json.JsonValueKind.True) return new Verdict.Rejected(Reasons.TokenRevoked);
        var now = time.GetUtcNow();
        var ends = DateTimeOffset.MaxValue;
        if (claims.ExpiresAt is { } exp)
        {
            ends = DateTimeOffset.FromUnixTimeSeconds(exp);
            if (ends <= now) return new Verdict.Rejected(Reasons.TokenExpired);
        }

        if (trust.Audiences.Count > 0 && !claims.Audience.Any(trust.Audiences.Contains)) return new Verdict.Rejected(Reasons.TokenAudience);

        if ((claims.Subject ?? claims.Text("client_id") ?? claims.Text("username")) is not { } subject) return new Verdict.Rejected(Reasons.TokenMalformed);
        return new Verdict.Accepted(new Principal
        {
            Realm = realm, Subject = trust.SubjectPrefix + subject, Kind = claims.Subject is null || claims.Subject == claims.Text("client_id") ? PrincipalKind.Service : PrincipalKind.User, Name = claims.Text("username") ?? claims.Text("preferred_username"),
            Issuer = claims.Issuer ?? trust.Endpoint.GetLeftPart(UriPartial.Authority), Client = claims.Text("client_id"), TokenId = claims.Id, Audiences = claims.Audience, Roles = Verify.RolesOf(claims),
            Groups = claims.Texts("groups").ToFrozenSet(), Scopes = (claims.Text("scope") ?? "").Split(' ', StringSplitOptions.RemoveEmptyEntries).ToFrozenSet(), Until = ends,
        }, now + trust.Cache);
    }

    private Verdict.Unavailable Failed()
    {
        Interlocked.Increment(ref failures);
        Volatile.Write(ref restsSince, time.GetTimestamp());
        return new Verdict.Unavailable(Reasons.VerifierUnavailable);
    }
}
