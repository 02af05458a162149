using System.Collections.Immutable;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Gatehouse.Terms;
using Gatehouse.Wire.Saml;

namespace Gatehouse.Federation.Finesse;

/// <summary>
/// A Finesse that vouches for its agents by its User API (Finesse Web Services Developer Guide, "User—Get user"): <c>GET /finesse/api/User/{id}</c> with the agent's own name and password, or with the access token that its identity service made. 200 with that
/// agent's object is its word. The posted roles of old integrations never count: roles and team are what it answers.
/// </summary>
internal sealed class FinesseUpstream : IChecksPasswords, IAcceptsProof
{
    private static readonly string[] Fields = ["loginId", "loginName", "firstName", "lastName", "extension", "teamId", "teamName"];

    private readonly Upstream upstream;
    private readonly Surroundings surroundings;
    private readonly string url;

    /// <summary>Opens one. Throws <see cref="ArgumentException"/> when its settings are wrong.</summary>
    public FinesseUpstream(Upstream upstream, Surroundings surroundings)
    {
        (this.upstream, this.surroundings) = (upstream, surroundings);
        if (!Uri.TryCreate(upstream["url"], UriKind.Absolute, out var uri) || uri.Scheme is not ("https" or "http") || uri.PathAndQuery != "/" || uri.Fragment.Length > 0 || uri.UserInfo.Length > 0) throw new ArgumentException("'url' is scheme, host and port, as https://fin1.example.org:8445.");

        // Agents' passwords and tokens go there, and its answer lets people in.
        if (uri.Scheme == "http" && !uri.IsLoopback) throw new ArgumentException("'url' must be https: agents' passwords go there.");
        url = uri.GetLeftPart(UriPartial.Authority);
    }

    /// <inheritdoc/>
    public IReadOnlyList<string> ProofTypes => [ProofType.Finesse];

    /// <inheritdoc/>
    public async Task<Finding.Unavailable?> ProbeAsync(Trace trace, CancellationToken stop)
    {
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, url + "/finesse/api/SystemInfo");
            var (status, _) = await surroundings.Http.SendAsync(request, stop);
            trace.Add($"GET {url}/finesse/api/SystemInfo: {(int)status}");
            return status == HttpStatusCode.OK ? null : new Finding.Unavailable($"it answered {(int)status}");
        }
        catch (Exception wrong) when (wrong is HttpRequestException or IOException || (wrong is OperationCanceledException && !stop.IsCancellationRequested))
        {
            return new Finding.Unavailable(wrong.Message);
        }
    }

    /// <inheritdoc/>
    public Task<Finding> CheckAsync(string username, Secret password, Trace trace, CancellationToken stop)
        => username.Contains(':', StringComparison.Ordinal) ? Task.FromResult<Finding>(new Finding.Refused("invalid_user_credentials", "a name with a colon cannot be sent (RFC 7617, 2)"))
            : AskAsync(username, new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{username}:{password.Reveal()}"))), ["pwd"], null, trace, stop);

    /// <inheritdoc/>
    public Task<Finding> AcceptAsync(Secret proof, string? target, Trace trace, CancellationToken stop)
    {
        var token = proof.Reveal();
        if (target is not { Length: > 0 and <= 255 }) return Refused("no_user", "whose token it is was not said");
        if (token.Any(c => c is <= ' ' or > '~')) return Refused("bad_token", "what came is no bearer token");

        // Whom it names, where that can be read: Finesse shows a supervisor the objects of agents, so its 200 alone does not say whose token it is. It is the judge of the token; we only compare.
        var named = TokenNames.Of(token);
        return named is null && !upstream.Flag("opaqueTokens") ? Refused("opaque_token", "the token cannot be read here; 'opaqueTokens' lets such tokens count") : AskAsync(target, new AuthenticationHeaderValue("Bearer", token), [], named, trace, stop);
    }

    private async Task<Finding> AskAsync(string id, AuthenticationHeaderValue who, ImmutableArray<string> methods, IReadOnlyCollection<string>? named, Trace trace, CancellationToken stop)
    {
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, $"{url}/finesse/api/User/{Uri.EscapeDataString(id)}") { Headers = { Authorization = who, Accept = { new MediaTypeWithQualityHeaderValue("application/xml") } } };
            var (status, body) = await surroundings.Http.SendAsync(request, stop);
            trace.Add($"GET {url}/finesse/api/User/…: {(int)status}, {body.Length} bytes");
            if ((int)status >= 500) return new Finding.Unavailable($"{url} answered {(int)status}");
            if (status is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden or HttpStatusCode.NotFound) return new Finding.Refused("invalid_user_credentials", $"Finesse answered {(int)status}");
            return status == HttpStatusCode.OK ? PersonOf(body, id, methods, named) : new Finding.Unavailable($"{url} answered {(int)status}");
        }
        catch (Exception wrong) when (wrong is HttpRequestException or IOException || (wrong is OperationCanceledException && !stop.IsCancellationRequested))
        {
            trace.Add(wrong.Message);
            return new Finding.Unavailable(wrong.Message);
        }
    }

    private static Task<Finding> Refused(string code, string detail) => Task.FromResult<Finding>(new Finding.Refused(code, detail));

    private Finding PersonOf(byte[] body, string id, ImmutableArray<string> methods, IReadOnlyCollection<string>? named)
    {
        if (!SamlXml.TryRead(body, new SamlLimits { Bytes = 256 * 1024, AllowComments = true }, out var root, out _) || root.Name != "User") return new Finding.Refused("bad_answer", "Finesse answered no user");
        var said = Fields.ToDictionary(name => name, name => Text(root, name), StringComparer.Ordinal);
        if (said["loginId"] is not { } login) return new Finding.Refused("bad_answer", "Finesse's user has no loginId");
        string?[] names = [login, said["loginName"]];
        if (!names.Contains(id, StringComparer.OrdinalIgnoreCase)) return new Finding.Refused("wrong_user", "Finesse answered another user than the one asked for");
        if (named is not null && !named.Any(name => names.Contains(name, StringComparer.OrdinalIgnoreCase))) return new Finding.Refused("wrong_user", "the token is another user's");
        var roles = root.Elements().Where(one => one.Name == "roles").SelectMany(one => one.Elements()).Where(one => one.Name == "role").Select(one => Content(one).ToLowerInvariant()).Where(one => one.Length > 0).ToImmutableArray();
        var attributes = said.Where(one => one.Value is not null).ToImmutableDictionary(one => one.Key, one => ImmutableArray.Create(one.Value!)).SetItem("roles", roles);
        return new Finding.Known(new UpstreamIdentity
        {
            Subject = login, Username = login.ToLowerInvariant(), FirstName = said["firstName"], LastName = said["lastName"], Attributes = attributes, Groups = said["teamName"] is { } team ? [team] : [], Methods = methods, AuthenticatedAt = surroundings.Time.GetUtcNow(),
        });
    }

    private static string? Text(SamlElement root, string name) => root.Elements().FirstOrDefault(one => one.Name == name) is { } element && Content(element) is { Length: > 0 } text ? text : null;

    private static string Content(SamlElement element) => string.Concat(element.Children.Select(child => child.Text)).Trim();
}
