using System.Net;

namespace Gatehouse.ResourceServer;

/// <summary>Whose tokens count, and for whom they must be meant. Judged once, at the start: what cannot be is told then and not at the first request.</summary>
public sealed record TrustRules
{
    /// <summary>The issuer, as <c>iss</c> has it to the letter: <c>https://sso.example/realms/contact-centre</c>.</summary>
    public required string Issuer { get; init; }

    /// <summary>One of these must stand in <c>aud</c>: the name of this service as the issuer knows it. Empty refuses to start, unless <see cref="AnyAudience"/> says that it is meant.</summary>
    public IReadOnlyList<string> Audiences { get; init; } = [];

    /// <summary>Take tokens that are meant for other services too. Whoever runs one of those can then use what it was shown here.</summary>
    public bool AnyAudience { get; init; }

    /// <summary>Algorithms that count (RFC 8725, 3.1); only asymmetric ones exist here.</summary>
    public IReadOnlyList<string> Algorithms { get; init; } = ["ES256", "RS256", "PS256"];

    /// <summary>Types that count, in lower case and without <c>application/</c>: RFC 9068's. An issuer that knows it not, such as an older Keycloak, needs <c>jwt</c>, and then takes ID tokens for access tokens unless audiences differ.</summary>
    public IReadOnlyList<string> Types { get; init; } = ["at+jwt"];

    /// <summary>How far the clocks may differ.</summary>
    public TimeSpan Skew { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Address of the key set; null to find it by discovery at the issuer.</summary>
    public Uri? Keys { get; init; }

    /// <summary>Ask the issuer about each token instead of judging it by keys: sign-out and revocation are felt within its <see cref="IntrospectionRules.Cache"/>. Null for keys.</summary>
    public IntrospectionRules? Introspection { get; init; }

    /// <summary>Reach the issuer in plain HTTP although it is not on this machine: whoever sits on that network can make tokens count. For tests.</summary>
    public bool PlainHttp { get; init; }

    /// <summary>Throws <see cref="ArgumentException"/> with what is wrong.</summary>
    internal void Check()
    {
        if (string.IsNullOrWhiteSpace(Issuer)) throw new ArgumentException("The issuer is missing: as 'iss' has it, such as https://sso.example/realms/contact-centre.");
        if (Audiences.Count == 0 && !AnyAudience) throw new ArgumentException("No audience is named: a token that was made for any other service would count here. Name this service as the issuer knows it, or say AnyAudience.");
        foreach (var algorithm in Algorithms)
            if (Wire.Jose.JoseAlgorithm.Find(algorithm) is null) throw new ArgumentException($"The algorithm '{algorithm}' is not one of {string.Join(", ", Wire.Jose.JoseAlgorithm.Names)}.");
        if (Skew < TimeSpan.Zero || Skew > TimeSpan.FromMinutes(5)) throw new ArgumentException("Clocks may differ by five minutes at most.");
        if (Introspection is { } asks && (asks.Client.Length == 0 || asks.Secret.Length == 0 || asks.Cache < TimeSpan.Zero || asks.Cache > TimeSpan.FromMinutes(5))) throw new ArgumentException("Introspection needs a client with its secret, and believes an answer for five minutes at most.");
        if (Introspection is null && Keys is null) CheckAddress(Uri.TryCreate(Issuer, UriKind.Absolute, out var address) ? address : throw new ArgumentException("The issuer is no address, so its keys cannot be found: set Keys."));
        foreach (var one in (Uri?[])[Keys, Introspection?.Endpoint])
            if (one is not null) CheckAddress(one);
    }

    private void CheckAddress(Uri address)
    {
        if (address is { IsAbsoluteUri: true, UserInfo: "", Fragment: "" } && (address.Scheme == "https" || (address.Scheme == "http" && (PlainHttp || address.IsLoopback || (IPAddress.TryParse(address.Host, out var ip) && IPAddress.IsLoopback(ip)))))) return;
        throw new ArgumentException($"'{address}' must be https: in plain HTTP whoever sits on the network makes tokens count.");
    }
}

/// <summary>How the issuer is asked about a token (RFC 7662).</summary>
/// <param name="Endpoint">Where: <c>…/protocol/openid-connect/token/introspect</c>, or the Finesse identity service's <c>…/ids/v1/oauth/introspect</c>.</param>
/// <param name="Client">This service's client id there.</param>
/// <param name="Secret">Its secret. Never in a file that is committed.</param>
public sealed record IntrospectionRules(Uri Endpoint, string Client, string Secret)
{
    /// <summary>How long an answer is believed: how late a sign-out may be felt.</summary>
    public TimeSpan Cache { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Send the client's secret in the form instead of in Authorization, for servers that read it only there.</summary>
    public bool SecretInForm { get; init; }

    /// <summary>Never the secret.</summary>
    public override string ToString() => $"{Endpoint} as {Client}";
}
