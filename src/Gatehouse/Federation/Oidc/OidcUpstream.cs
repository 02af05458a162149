using System.Buffers.Text;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Gatehouse.Outbound;
using Gatehouse.Terms;
using Gatehouse.Wire.Jose;
using Gatehouse.Wire.Text;

namespace Gatehouse.Federation.Oidc;

/// <summary>An OpenID or OAuth 2.0 provider by the authorization code flow, always with PKCE S256, with a nonce where there is an ID token; answers of another issuer are refused (RFC 9207, RFC 9700 4.4).</summary>
internal sealed class OidcUpstream(Upstream upstream, OidcShape fixedShape, Surroundings surroundings) : IRedirects, IEndsSessions, ISignsOut, IAcceptsProof
{
    private readonly OidcMetadata metadata = new(fixedShape, surroundings.Http, surroundings.Time);
    private readonly Lock making = new();
    private IssuerKeys? keys;
    private Uri? keysAt;

    private string Client => upstream["clientId"]!;

    /// <inheritdoc/>
    public async Task<Finding.Unavailable?> ProbeAsync(Trace trace, CancellationToken stop)
    {
        var (shape, fault) = await metadata.GetAsync(trace, stop, anew: true);
        if (shape is null) return new Finding.Unavailable(fault!);
        if (!shape.IsOpenId) return null;
        var (_, known) = await KeysOf(shape).FindAsync(null, "RS256", stop);
        trace.Add($"keys at {shape.Jwks}: {(known ? "had" : "not to be had")}");
        return known ? null : new Finding.Unavailable($"{shape.Jwks}: no keys");
    }

    /// <inheritdoc/>
    public async Task<(Going? Going, Finding.Unavailable? Not)> BeginAsync(Attempt attempt, Trace trace, CancellationToken stop)
    {
        var (shape, fault) = await metadata.GetAsync(trace, stop);
        if (shape is null) return (null, new Finding.Unavailable(fault!));
        var (verifier, nonce) = (Attempts.NewId() + Attempts.NewId(), Attempts.NewId());
        attempt.Kept["verifier"] = verifier;
        attempt.Kept["nonce"] = nonce;
        var query = new List<KeyValuePair<string, string?>>
        {
            new("client_id", Client), new("redirect_uri", attempt.ReturnAddress), new("response_type", "code"), new("scope", shape.Scopes), new("state", attempt.Id),
            new("code_challenge", Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(verifier)))), new("code_challenge_method", "S256"),
            new("nonce", shape.IsOpenId ? nonce : null), new("login_hint", attempt.LoginHint), new("prompt", attempt.Fresh ? "login" : upstream["prompt"]), new("acr_values", upstream["acr"]),
        };
        var text = string.Join('&', query.Where(one => !string.IsNullOrEmpty(one.Value)).Select(one => $"{one.Key}={Uri.EscapeDataString(one.Value!)}"));
        var address = new UriBuilder(shape.Authorize!);
        address.Query = address.Query.Length > 1 ? $"{address.Query[1..]}&{text}" : text;
        trace.Add($"to {shape.Authorize}");
        return (new Going(address.Uri), null);
    }

    /// <inheritdoc/>
    public async Task<Finding> FinishAsync(Attempt attempt, Returned returned, Trace trace, CancellationToken stop)
    {
        var (shape, fault) = await metadata.GetAsync(trace, stop);
        if (shape is null) return new Finding.Unavailable(fault!);
        if (returned["iss"] is { } from ? from != shape.Issuer : shape.NamesItself) return new Finding.Refused("mix_up", "the answer is another issuer's");
        if (returned["error"] is { } error) return new Finding.Refused(error is "access_denied" or "login_required" or "interaction_required" ? "access_denied" : "upstream_error", $"the provider answered '{Printable(error)}'");
        return await RedeemOrNotAsync(shape, attempt, returned["code"], trace, stop);
    }

    private async Task<Finding> RedeemOrNotAsync(OidcShape shape, Attempt attempt, string? code, Trace trace, CancellationToken stop)
    {
        if (code is not { Length: > 0 and <= 4096 }) return new Finding.Refused("bad_answer", "the answer has no code");
        try
        {
            return await RedeemAsync(shape, attempt, code, trace, stop);
        }
        catch (Exception wrong) when (wrong is HttpRequestException or IOException || (wrong is OperationCanceledException && !stop.IsCancellationRequested))
        {
            trace.Add(wrong.Message);
            return new Finding.Unavailable(wrong.Message);
        }
    }

    /// <inheritdoc/>
    public IReadOnlyList<string> ProofTypes => fixedShape.IsOpenId ? [ProofType.IdToken, ProofType.Code] : [];

    /// <inheritdoc/>
    public async Task<Finding> AcceptAsync(string type, Secret proof, string? target, Trace trace, CancellationToken stop)
    {
        if (type != ProofType.Code) return await AcceptAsync(proof, target, trace, stop);

        // Exactly as listed: such a code has no state and no nonce of ours, so whoever can read it at its address can use it.
        if (target is null || !(upstream["tradesCodesAt"] ?? "").Split(' ', StringSplitOptions.RemoveEmptyEntries).Contains(target)) return new Finding.Refused("not_offered", "codes for this address may not be traded; 'tradesCodesAt' lists those that may");
        var (shape, fault) = await metadata.GetAsync(trace, stop);
        if (shape is null) return new Finding.Unavailable(fault!);
        var attempt = new Attempt { Id = "", Realm = upstream.Realm, Alias = upstream.Alias, Interaction = "", Browser = "", ReturnAddress = target };
        return await RedeemOrNotAsync(shape, attempt, proof.Reveal(), trace, stop);
    }

    /// <inheritdoc/>
    public async Task<Finding> AcceptAsync(Secret proof, string? target, Trace trace, CancellationToken stop)
    {
        // ID tokens travel as logout hints, in addresses: only those of named clients may be traded.
        var parties = (upstream["tradesIdTokensOf"] ?? "").Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (parties.Length == 0) return new Finding.Refused("not_offered", "ID tokens may not be traded; 'tradesIdTokensOf' lists the clients whose may");
        var (shape, fault) = await metadata.GetAsync(trace, stop);
        if (shape is null) return new Finding.Unavailable(fault!);
        if (!Jws.TryParse(proof.Reveal(), Limits.Default, out var jws, out _) || !JwtClaims.TryParse(jws.Payload, Limits.Default, out var read, out _)) return new Finding.Refused("bad_id_token", "the ID token cannot be read");
        if (read.Issuer != shape.Issuer) return new Finding.Refused("wrong_issuer", "the ID token is another issuer's");
        var wrong = "the ID token is meant for another client";
        foreach (var party in parties)
        {
            if (!read.Audience.Contains(party)) continue;
            var (claims, why, down) = await IdToken.CheckAsync(proof.Reveal(), shape, party, null, KeysOf(shape), surroundings.Time, stop);
            if (down) return new Finding.Unavailable(why!);
            if (claims is not null) return claims.ExpiresAt is { } ends && await surroundings.Used.TakeAsync(upstream.Realm, claims.Issuer!, Base64Url.EncodeToString(SHA256.HashData(jws.SigningInput.Span)), DateTimeOffset.FromUnixTimeSeconds(ends + 120), stop)
                ? new Finding.Known(OidcPerson.Of(shape, claims.All, null)) : new Finding.Refused("replayed", "the ID token was traded before");
            wrong = why!;
        }

        return new Finding.Refused("bad_id_token", wrong);
    }

    /// <inheritdoc/>
    public bool SignsOut => upstream.Flag("signOutThere");

    /// <inheritdoc/>
    public async Task<Going?> LeaveAsync(Attempt attempt, string hint, string? session, CancellationToken stop)
    {
        // OpenID Connect RP-Initiated Logout 1.0, 2.
        var (shape, _) = await metadata.GetAsync(Trace.None, stop);
        if (shape?.EndSession is not { } end) return null;
        var text = $"id_token_hint={Uri.EscapeDataString(hint)}&client_id={Uri.EscapeDataString(Client)}&post_logout_redirect_uri={Uri.EscapeDataString(attempt.ReturnAddress)}&state={attempt.Id}";
        var address = new UriBuilder(end);
        address.Query = address.Query.Length > 1 ? $"{address.Query[1..]}&{text}" : text;
        return new Going(address.Uri);
    }

    /// <inheritdoc/>
    public async Task<(EndedThere? Ended, string? Fault)> ReadAsync(string token, CancellationToken stop)
    {
        var (shape, fault) = await metadata.GetAsync(Trace.None, stop);
        if (shape is not { IsOpenId: true }) return (null, fault ?? "the provider is no OpenID provider");
        var (claims, wrong) = await LogoutToken.CheckAsync(token, shape, Client, KeysOf(shape), surroundings.Time, stop);
        return claims is null ? (null, wrong) : (new EndedThere(claims.Subject, claims.Text("sid")), null);
    }

    private async Task<Finding> RedeemAsync(OidcShape shape, Attempt attempt, string code, Trace trace, CancellationToken stop)
    {
        var form = new List<KeyValuePair<string, string>> { new("grant_type", "authorization_code"), new("code", code), new("redirect_uri", attempt.ReturnAddress) };
        if (attempt.Kept.GetValueOrDefault("verifier") is { } verifier) form.Add(new("code_verifier", verifier));
        using var request = new HttpRequestMessage(HttpMethod.Post, shape.Token) { Headers = { Accept = { new MediaTypeWithQualityHeaderValue("application/json") } } };
        var secret = upstream.Secrets.GetValueOrDefault("clientSecret")?.Reveal();
        if (secret is not null && !shape.SecretInBody) request.Headers.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{Uri.EscapeDataString(Client)}:{Uri.EscapeDataString(secret)}")));
        else
        {
            form.Add(new("client_id", Client));
            if (secret is not null) form.Add(new("client_secret", secret));
        }

        request.Content = new FormUrlEncodedContent(form);
        var (status, body) = await surroundings.Http.SendAsync(request, stop);
        trace.Add($"POST {shape.Token}: {(int)status}");
        if ((int)status >= 500) return new Finding.Unavailable($"{shape.Token} answered {(int)status}");
        if (!StrictJson.TryParse(body, Limits.Default, JsonValueKind.Object, out var document, out _)) return new Finding.Refused("bad_answer", "the token endpoint answered no JSON object");
        using (document)
        {
            var root = document.RootElement;
            if ((int)status != 200 || root.TryGetProperty("error", out _)) return new Finding.Refused("code_refused", $"the token endpoint answered {(int)status} '{Printable(Text(root, "error"))}'");
            var access = Text(root, "access_token");
            if (!shape.IsOpenId) return access is null ? new Finding.Refused("bad_answer", "no access token") : await ByUserinfoAsync(shape, access, null, trace, stop);
            if (Text(root, "id_token") is not { } token) return new Finding.Refused("bad_answer", "no ID token");
            var (claims, wrong, down) = await IdToken.CheckAsync(token, shape, Client, attempt.Kept.GetValueOrDefault("nonce"), KeysOf(shape), surroundings.Time, stop);
            if (claims is null) return down ? new Finding.Unavailable(wrong!) : new Finding.Refused("bad_id_token", wrong!);
            trace.Add($"ID token of {claims.Issuer}: {string.Join(", ", claims.All.EnumerateObject().Select(one => one.Name))}");
            var found = OidcPerson.Of(shape, claims.All, token);

            // Some providers keep the person's details for the userinfo endpoint.
            if (shape.Userinfo is null || access is null || (found.Username is not null && found.Email is not null && upstream.Mapping.All(rule => Has(found, rule.Source)))) return new Finding.Known(found);
            return await ByUserinfoAsync(shape, access, found, trace, stop);
        }
    }

    private async Task<Finding> ByUserinfoAsync(OidcShape shape, string access, UpstreamIdentity? proven, Trace trace, CancellationToken stop)
    {
        var (claims, fault) = await GetAsync(shape.Userinfo!, JsonValueKind.Object, access, trace, stop);
        if (claims is null) return proven is not null ? new Finding.Known(proven) : fault!;
        using (claims)
        {
            var root = claims.RootElement;
            if (shape.NestedIn is { } member) root = root.TryGetProperty(member, out var nested) && nested.ValueKind == JsonValueKind.Object ? nested : default;
            if (root.ValueKind != JsonValueKind.Object) return new Finding.Refused("bad_answer", "the userinfo answer is not as it should be");

            // OpenID Connect Core, 5.3.2: another subject's answer must not be used.
            if (proven is not null) return OidcPerson.Text(root, "sub") is { } sub && OidcPerson.Text(root, "sub") == proven.Attributes.GetValueOrDefault("sub", []).FirstOrDefault() ? new Finding.Known(OidcPerson.Merge(shape, proven, root)) : new Finding.Refused("bad_answer", "the userinfo answer is about another subject");
            if (OidcPerson.Text(root, shape.SubjectClaim) is null) return new Finding.Refused("bad_answer", "the userinfo answer names nobody");
            var found = OidcPerson.Of(shape, root, null);
            if (shape.Emails is null) return new Finding.Known(found);
            var (emails, _) = await GetAsync(shape.Emails, JsonValueKind.Array, access, trace, stop);
            using (emails) return new Finding.Known(emails is null ? found : OidcPerson.WithEmails(found, emails.RootElement));
        }
    }

    private async Task<(JsonDocument? Json, Finding? Fault)> GetAsync(Uri address, JsonValueKind kind, string access, Trace trace, CancellationToken stop)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, address) { Headers = { Authorization = new AuthenticationHeaderValue("Bearer", access), Accept = { new MediaTypeWithQualityHeaderValue("application/json") }, UserAgent = { new ProductInfoHeaderValue("Gatehouse", "1") } } };
        var (status, body) = await surroundings.Http.SendAsync(request, stop);
        trace.Add($"GET {address.GetLeftPart(UriPartial.Path)}: {(int)status}");
        if ((int)status >= 500) return (null, new Finding.Unavailable($"{address.GetLeftPart(UriPartial.Path)} answered {(int)status}"));
        return (int)status == 200 && StrictJson.TryParse(body, Limits.Default, kind, out var document, out _) ? (document, null) : (null, new Finding.Refused("bad_answer", $"{address.GetLeftPart(UriPartial.Path)} answered {(int)status}"));
    }

    private IssuerKeys KeysOf(OidcShape shape)
    {
        lock (making)
        {
            if (keys is null || keysAt != shape.Jwks) (keys, keysAt) = (new IssuerKeys(shape.Issuer!, shape.Jwks, surroundings.Http, surroundings.Time), shape.Jwks);
            return keys;
        }
    }

    private static bool Has(UpstreamIdentity found, string source) => found.Attributes.ContainsKey(source) || (source == "groups" && !found.Groups.IsEmpty);

    private static string? Text(JsonElement root, string name) => OidcPerson.Text(root, name);

    private static string Printable(string? text) => text is { Length: > 0 and <= 60 } && text.All(c => c is > ' ' and < '\x7f') ? text : "?";
}
