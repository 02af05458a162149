using System.Text.Json;
using Gatehouse.Outbound;
using Gatehouse.Wire.Text;

namespace Gatehouse.Federation.Oidc;

/// <summary>Completes a shape by discovery (OpenID Connect Discovery, 4), once, and again after an hour; an old answer goes on counting while the provider is down.</summary>
internal sealed class OidcMetadata(OidcShape shape, OutboundHttp http, TimeProvider time)
{
    private static readonly TimeSpan Fresh = TimeSpan.FromHours(1);

    private readonly SemaphoreSlim asking = new(1, 1);
    private (OidcShape Shape, long At)? known;

    /// <summary>The whole shape, or why it cannot be had.</summary>
    /// <param name="trace">Hops.</param>
    /// <param name="stop">Cancels.</param>
    /// <param name="anew">Whether the provider must answer now: for probes, to whom an old answer is none.</param>
    public async Task<(OidcShape? Shape, string? Fault)> GetAsync(Trace trace, CancellationToken stop, bool anew = false)
    {
        if (shape.Issuer is null || (shape.Authorize is not null && shape.Token is not null && shape.Jwks is not null)) return (shape, null);
        if (!anew && known is { } held && time.GetElapsedTime(held.At) < Fresh) return (held.Shape, null);
        await asking.WaitAsync(stop);
        try
        {
            if (!anew && known is { } since && time.GetElapsedTime(since.At) < Fresh) return (since.Shape, null);
            var (made, fault) = await AskAsync(trace, stop);
            if (made is not null) known = (made, time.GetTimestamp());
            return known is { } now && (made is not null || !anew) ? (now.Shape, null) : (null, fault);
        }
        finally
        {
            asking.Release();
        }
    }

    private async Task<(OidcShape?, string?)> AskAsync(Trace trace, CancellationToken stop)
    {
        var address = shape.Issuer!.TrimEnd('/') + "/.well-known/openid-configuration";
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, address);
            var (status, body) = await http.SendAsync(request, stop);
            trace.Add($"GET {address}: {(int)status}, {body.Length} bytes");
            if ((int)status != 200) return (null, $"{address} answered {(int)status}");
            if (!StrictJson.TryParse(body, Limits.Default, JsonValueKind.Object, out var document, out _)) return (null, $"{address} answered no JSON object");
            using (document) return Read(document.RootElement, address);
        }
        catch (Exception wrong) when (wrong is HttpRequestException or IOException or UriFormatException || (wrong is OperationCanceledException && !stop.IsCancellationRequested))
        {
            trace.Add($"GET {address}: {wrong.Message}");
            return (null, $"{address}: {wrong.Message}");
        }
    }

    private (OidcShape?, string?) Read(JsonElement root, string address)
    {
        // Metadata of another issuer is a mix-up (RFC 8414, 3.3).
        var issuer = Text(root, "issuer");
        if (issuer != shape.Issuer && !(shape.IssuerBelow is { } below && issuer?.StartsWith(below, StringComparison.Ordinal) == true)) return (null, $"{address} names the issuer '{issuer}', not '{shape.Issuer}'");
        var made = shape with
        {
            Issuer = issuer, Authorize = shape.Authorize ?? Address(root, "authorization_endpoint"), Token = shape.Token ?? Address(root, "token_endpoint"), Jwks = shape.Jwks ?? Address(root, "jwks_uri"),
            Userinfo = shape.Userinfo ?? Address(root, "userinfo_endpoint"), EndSession = shape.EndSession ?? Address(root, "end_session_endpoint"),
            NamesItself = root.TryGetProperty("authorization_response_iss_parameter_supported", out var says) && says.ValueKind == JsonValueKind.True,
        };
        return made.Authorize is null || made.Token is null || made.Jwks is null ? (null, $"{address} lacks an authorization, token or key address") : (made, null);
    }

    private static string? Text(JsonElement root, string name) => root.TryGetProperty(name, out var member) && member.ValueKind == JsonValueKind.String ? member.GetString() : null;

    // An https issuer that sends us to plain http would give the code and the secret away.
    private Uri? Address(JsonElement root, string name)
        => Uri.TryCreate(Text(root, name), UriKind.Absolute, out var uri) && (uri.Scheme == "https" || (uri.Scheme == "http" && !shape.Issuer!.StartsWith("https", StringComparison.OrdinalIgnoreCase))) ? uri : null;
}
