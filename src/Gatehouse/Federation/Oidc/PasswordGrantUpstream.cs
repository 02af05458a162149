using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Gatehouse.Terms;
using Gatehouse.Wire.Text;

namespace Gatehouse.Federation.Oidc;

/// <summary>
/// Checks passwords at another server's token endpoint (RFC 6749, 4.3): the old Keycloak, from which people move over one by one at their first sign-in here. The person is read from the userinfo endpoint with the token that was given.
/// </summary>
internal sealed class PasswordGrantUpstream(Upstream upstream, OidcShape fixedShape, Surroundings surroundings) : IChecksPasswords
{
    private readonly OidcMetadata metadata = new(fixedShape, surroundings.Http, surroundings.Time);

    /// <inheritdoc/>
    public async Task<Finding.Unavailable?> ProbeAsync(Trace trace, CancellationToken stop)
    {
        var (shape, fault) = await metadata.GetAsync(trace, stop, anew: true);
        return shape is null ? new Finding.Unavailable(fault!) : shape.Userinfo is null ? new Finding.Unavailable("it names no userinfo endpoint") : null;
    }

    /// <inheritdoc/>
    public async Task<Finding> CheckAsync(string username, Secret password, Trace trace, CancellationToken stop)
    {
        var (shape, fault) = await metadata.GetAsync(trace, stop);
        if (shape is null) return new Finding.Unavailable(fault!);
        if (shape.Userinfo is null) return new Finding.Unavailable("it names no userinfo endpoint");
        try
        {
            return await AskAsync(shape, username, password, trace, stop);
        }
        catch (Exception wrong) when (wrong is HttpRequestException or IOException || (wrong is OperationCanceledException && !stop.IsCancellationRequested))
        {
            trace.Add(wrong.Message);
            return new Finding.Unavailable(wrong.Message);
        }
    }

    private async Task<Finding> AskAsync(OidcShape shape, string username, Secret password, Trace trace, CancellationToken stop)
    {
        var form = new List<KeyValuePair<string, string>> { new("grant_type", "password"), new("username", username), new("password", password.Reveal()), new("scope", shape.Scopes) };
        using var request = new HttpRequestMessage(HttpMethod.Post, shape.Token) { Headers = { Accept = { new MediaTypeWithQualityHeaderValue("application/json") } } };
        var (client, secret) = (upstream["clientId"]!, upstream.Secrets.GetValueOrDefault("clientSecret")?.Reveal());
        if (secret is null) form.Add(new("client_id", client));
        else request.Headers.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{Uri.EscapeDataString(client)}:{Uri.EscapeDataString(secret)}")));
        request.Content = new FormUrlEncodedContent(form);
        var (status, body) = await surroundings.Http.SendAsync(request, stop);
        trace.Add($"POST {shape.Token}: {(int)status}");
        if ((int)status >= 500 || status == HttpStatusCode.TooManyRequests) return new Finding.Unavailable($"{shape.Token} answered {(int)status}");
        if (!StrictJson.TryParse(body, Limits.Default, JsonValueKind.Object, out var document, out _)) return new Finding.Unavailable("the token endpoint answered no JSON object");
        using (document)
        {
            var error = OidcPerson.Text(document.RootElement, "error");

            // invalid_grant is the person's fault; anything else is ours, and must not count as a wrong password.
            if (error is "invalid_grant") return new Finding.Refused(OidcPerson.Text(document.RootElement, "error_description")?.Contains("disabled", StringComparison.OrdinalIgnoreCase) == true ? "user_disabled" : "invalid_user_credentials", "the old server refuses the password");
            if ((int)status != 200 || error is not null || OidcPerson.Text(document.RootElement, "access_token") is not { } access) return new Finding.Unavailable($"the token endpoint answered {(int)status} '{(error is { Length: <= 60 } ? error : "?")}': see the client's settings there");
            return await ReadAsync(shape, access, username, trace, stop);
        }
    }

    private async Task<Finding> ReadAsync(OidcShape shape, string access, string username, Trace trace, CancellationToken stop)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, shape.Userinfo) { Headers = { Authorization = new AuthenticationHeaderValue("Bearer", access) } };
        var (status, body) = await surroundings.Http.SendAsync(request, stop);
        trace.Add($"GET {shape.Userinfo}: {(int)status}");
        if ((int)status != 200 || !StrictJson.TryParse(body, Limits.Default, JsonValueKind.Object, out var claims, out _)) return new Finding.Unavailable($"{shape.Userinfo} answered {(int)status}");
        using (claims)
        {
            var person = OidcPerson.Of(shape, claims.RootElement, null);
            return person.Subject.Length == 0 ? new Finding.Refused("no_subject", "the old server names no subject") : new Finding.Known(person with { Username = person.Username ?? username, Methods = ["pwd"], AuthenticatedAt = surroundings.Time.GetUtcNow() });
        }
    }
}
