using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using Gatehouse.Admin.Representations;
using Gatehouse.Clients;
using Gatehouse.Wire.Jose;

namespace Gatehouse.Admin;

/// <summary>Clients as representations, and back. A switch that would weaken or promise something that is not so here is refused by name, never dropped.</summary>
internal static class ClientShapes
{
    /// <summary>Read-only members that clients send back as they got them.</summary>
    public static readonly string[] Known = ["id", "access", "surrogateAuthRequired", "alwaysDisplayInConsole", "nodeReRegistrationTimeout", "authenticationFlowBindingOverrides"];

    private static readonly (string Name, string Why)[] NotOffered =
    [
        ("implicitFlowEnabled", "the implicit flow puts tokens into addresses (RFC 9700, 2.1.2); use the standard flow with PKCE."),
        ("consentRequired", "consent pages are not offered."),
        ("surrogateAuthRequired", "surrogate authentication is not offered."),
    ];

    private static readonly (string Name, string Why)[] AttributesNotOffered =
    [
        ("use.jwks.url", "keys are given in 'jwks.string'."), ("tls.client.certificate.bound.access.tokens", "certificate-bound tokens are not offered."), ("dpop.bound.access.tokens", "DPoP is not offered."),
        ("oauth2.device.authorization.grant.enabled", "the device grant is not offered."), ("oidc.ciba.grant.enabled", "CIBA is not offered."),
        ("client.introspection.response.allow.jwt.claim.enabled", "signed introspection is not offered."),
    ];

    private static readonly string[] AttributesKnown = ["use.jwks.string", "client.secret.creation.time", "pkce.code.challenge.method", "realm_client"];
    private static readonly string[] Algorithms = ["ES256", "RS256", "PS256"];

    public static ClientRepresentation Of(Client client) => new()
    {
        Id = client.Id, ClientId = client.ClientId, Name = client.Name, BaseUrl = client.BaseUrl, Enabled = client.Enabled, Protocol = client.Saml is not null ? "saml" : client.Cas is not null ? "cas" : "openid-connect",
        ClientAuthenticatorType = client.Jwks is null ? "client-secret" : "client-jwt", RedirectUris = [.. client.Saml?.Consumers ?? client.Cas?.Services ?? client.RedirectUris], WebOrigins = [.. client.WebOrigins], NotBefore = client.NotBefore?.ToUnixTimeSeconds() ?? 0,
        PublicClient = client.Public, StandardFlowEnabled = client.StandardFlow, ServiceAccountsEnabled = client.ServiceAccount, BearerOnly = !client.StandardFlow && !client.ServiceAccount && !client.Public,
        ConsentRequired = false, ImplicitFlowEnabled = false, DirectAccessGrantsEnabled = client.DirectGrants, AuthorizationServicesEnabled = client.AuthorizationServices, FullScopeAllowed = client.FullScope,
        DefaultClientScopes = [.. client.DefaultScopes], OptionalClientScopes = [.. client.OptionalScopes], Attributes = client.Saml is { } saml ? SamlShapes.AttributesOf(saml) : client.Cas is not null ? new Dictionary<string, string>() : AttributesOf(client),
        ProtocolMappers = client.Saml is { } spoken ? [.. SamlShapes.MappersOf(spoken.Attributes, "saml")] : client.Cas is { } cas ? [.. SamlShapes.MappersOf(cas.Attributes, "cas")] : [.. client.Audiences.Select(audience => new MapperRepresentation($"audience {audience}", "openid-connect", "oidc-audience-mapper",
            new Dictionary<string, string> { ["included.custom.audience"] = audience, ["access.token.claim"] = "true", ["id.token.claim"] = "false" }))],
    };

    /// <summary>The client with what the body says; members that are absent stay as they are.</summary>
    public static Client Apply(Asked asked, Body body, Client old)
    {
        foreach (var (name, why) in NotOffered) body.RefuseOn(name, why);
        var protocol = body.Text("protocol") ?? (old.Saml is not null ? "saml" : old.Cas is not null ? "cas" : "openid-connect");
        if (protocol is not ("openid-connect" or "saml" or "cas")) throw Refused.Unsupported($"'protocol' cannot be '{protocol}': 'openid-connect', 'saml' and 'cas' are offered.");
        if (protocol != "openid-connect") return Speaking(asked, body, old, protocol);
        if (body.Text("clientAuthenticatorType") is { } method && method is not ("client-secret" or "client-jwt")) throw Refused.Unsupported($"'clientAuthenticatorType' cannot be '{method}': 'client-secret' and 'client-jwt' are offered.");
        var (standard, service) = (body.Flag("standardFlowEnabled"), body.Flag("serviceAccountsEnabled"));
        var bearerOnly = body.Flag("bearerOnly") == true && standard != true && service != true;
        var client = old with
        {
            Name = body.Text("name") ?? old.Name, BaseUrl = body.Text("baseUrl") ?? old.BaseUrl, Enabled = body.Flag("enabled") ?? old.Enabled, Public = body.Flag("publicClient") ?? old.Public,
            StandardFlow = !bearerOnly && (standard ?? old.StandardFlow), ServiceAccount = !bearerOnly && (service ?? old.ServiceAccount),
            RedirectUris = body.Texts("redirectUris") ?? old.RedirectUris, FullScope = body.Flag("fullScopeAllowed") ?? old.FullScope,
            DefaultScopes = body.Texts("defaultClientScopes") ?? old.DefaultScopes, OptionalScopes = body.Texts("optionalClientScopes") ?? old.OptionalScopes,
            NotBefore = body.Number("notBefore", 0, 253402300799) is { } at ? at == 0 ? null : DateTimeOffset.FromUnixTimeSeconds(at) : old.NotBefore,
        };
        client = client with { Saml = null, Cas = null, WebOrigins = body.Texts("webOrigins") is { } origins ? Origins(origins, client.RedirectUris) : old.WebOrigins };
        client = Mappers(asked, body, Attributes(asked, body, client));
        if (body.Flag("directAccessGrantsEnabled") is { } posts)
        {
            if (posts && !asked.Rooms.PasswordClients.Any(one => one.Names(asked.Realm.Name, client.ClientId)))
                throw Refused.Unsupported("'directAccessGrantsEnabled' cannot be true: the password grant hands passwords to applications (RFC 9700, 2.4); use the standard flow, or a service account. For a vendor's client that cannot do otherwise, name it in facades:keycloak:passwordClients first.");
            if (posts && client.Public) throw Refused.Invalid("A public client cannot post passwords: anybody could do it in its name.");
            client = client with { DirectGrants = posts };
        }

        client = client with { AuthorizationServices = body.Has("authorizationSettings") ? body.Flag("authorizationServicesEnabled") ?? true : body.Flag("authorizationServicesEnabled") ?? old.AuthorizationServices };
        if (client.AuthorizationServices && client.Public) throw Refused.Invalid("A public client has no authorization settings: anybody could change them in its name.");
        if (client.Public && client.Exchanges) throw Refused.Invalid("A public client cannot exchange tokens: anybody could do it in its name.");
        if (client.Public && client.ServiceAccount) throw Refused.Invalid("A public client cannot have a service account: it has nothing to prove itself with.");
        return client;
    }

    // An application that speaks SAML or CAS obtains no tokens.
    private static Client Speaking(Asked asked, Body body, Client old, string protocol) => old with
    {
        Name = body.Text("name") ?? old.Name, BaseUrl = body.Text("baseUrl") ?? old.BaseUrl, Enabled = body.Flag("enabled") ?? old.Enabled, Public = false, StandardFlow = false, ServiceAccount = false, DirectGrants = false, AuthorizationServices = false, RedirectUris = [], WebOrigins = [],
        Saml = protocol == "saml" ? SamlShapes.Apply(asked, body, old.Saml) : null, Cas = protocol == "cas" ? SamlShapes.Apply(asked, body, old.Cas) : null,
    };

    private static Client Attributes(Asked asked, Body body, Client client)
    {
        if (body.Object("attributes") is not { } attributes) return client;
        foreach (var (name, why) in AttributesNotOffered)
            if (attributes.Text(name) is "true") throw Refused.Unsupported($"The attribute '{name}' cannot be true: {why}");
        if (attributes.Text("pkce.code.challenge.method") is { Length: > 0 } pkce && pkce != "S256") throw Refused.Unsupported("The attribute 'pkce.code.challenge.method' can only be 'S256': PKCE with S256 is always required.");
        if (attributes.Text("backchannel.logout.url") is { Length: > 0 }) throw Refused.Unsupported("The attribute 'backchannel.logout.url' cannot be set: back-channel logout is not offered.");
        var algorithm = attributes.Text("access.token.signed.response.alg") is { } wanted ? wanted.Length == 0 ? null : wanted : client.SigningAlgorithm;
        if (algorithm is not null && !Algorithms.Contains(algorithm)) throw Refused.Unsupported($"The attribute 'access.token.signed.response.alg' cannot be that; offered are {string.Join(", ", Algorithms)}.");
        var jwks = attributes.Text("jwks.string") is { } keys ? keys.Length == 0 ? null : keys : client.Jwks;
        if (jwks is not null)
        {
            if (!JwkSet.TryParse(Encoding.UTF8.GetBytes(jwks), out var set, out var error)) throw Refused.Invalid($"The attribute 'jwks.string' is not a public JWK set ({error}).");
            // Keys of other types and uses may stand beside; a broken one is better told now than missed at the first sign-in.
            if (set.LeftOut.FirstOrDefault(why => why is not (JoseError.UnsupportedAlgorithm or JoseError.WrongUse)) is not JoseError.None and var broken)
                throw Refused.Invalid($"The attribute 'jwks.string' has a key that cannot be used ({broken}).");
            jwks = set.ToJson();
        }

        var after = attributes.Text("post.logout.redirect.uris");
        var result = client with
        {
            SigningAlgorithm = algorithm, Jwks = jwks, AccessTokenLife = Life(attributes.Text("access.token.lifespan"), client.AccessTokenLife),
            Exchanges = attributes.Text("standard.token.exchange.enabled") is { } exchanges ? exchanges == "true" : client.Exchanges,
            RequirePushed = attributes.Text("require.pushed.authorization.requests") is { } pushed ? pushed == "true" : client.RequirePushed,
            PostLogoutRedirectUris = after switch
            {
                null => client.PostLogoutRedirectUris,
                "+" => client.RedirectUris,
                "-" => [],
                _ => [.. after.Split("##", StringSplitOptions.RemoveEmptyEntries)],
            },
        };
        attributes.Rest(name => asked.Ignore($"attributes.{name}"), [.. AttributesKnown, .. AttributesNotOffered.Select(one => one.Name)]);
        return result;
    }

    private static Client Mappers(Asked asked, Body body, Client client)
    {
        if (body.List("protocolMappers") is not { } mappers) return client;
        var audiences = ImmutableArray.CreateBuilder<string>();
        foreach (var mapper in mappers)
        {
            var config = mapper.Object("config");
            var audience = mapper.Text("protocolMapper") == "oidc-audience-mapper" ? config?.Text("included.client.audience") ?? config?.Text("included.custom.audience") : null;
            if (audience is { Length: > 0 }) audiences.Add(audience);
            else asked.Ignore($"protocolMappers.{mapper.Text("name")}");
        }

        return client with { Audiences = [.. audiences.Distinct()] };
    }

    private static TimeSpan? Life(string? text, TimeSpan? old)
    {
        if (text is null) return old;
        if (text is "" or "0") return null;
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) && seconds is >= 30 and <= 86_400
            ? TimeSpan.FromSeconds(seconds)
            : throw Refused.Invalid("The attribute 'access.token.lifespan' must be 30 to 86400 seconds.");
    }

    private static ImmutableArray<string> Origins(ImmutableArray<string> sent, ImmutableArray<string> redirects)
    {
        var origins = new List<string>();
        foreach (var origin in sent)
        {
            if (origin == "+") origins.AddRange(redirects.Select(uri => Uri.TryCreate(uri, UriKind.Absolute, out var parsed) && parsed.Scheme is "http" or "https" ? parsed.GetLeftPart(UriPartial.Authority) : null).OfType<string>());
            else if (Uri.TryCreate(origin, UriKind.Absolute, out var parsed) && parsed.Scheme is "http" or "https" && parsed.GetLeftPart(UriPartial.Authority) == origin.TrimEnd('/')) origins.Add(parsed.GetLeftPart(UriPartial.Authority));
            else throw Refused.Invalid($"The web origin '{origin}' is not an origin such as https://desk.example.org ('*' is not offered).");
        }

        return [.. origins.Distinct()];
    }

    private static Dictionary<string, string> AttributesOf(Client client)
    {
        var all = new Dictionary<string, string>(StringComparer.Ordinal) { ["pkce.code.challenge.method"] = "S256" };
        if (!client.PostLogoutRedirectUris.IsEmpty) all["post.logout.redirect.uris"] = string.Join("##", client.PostLogoutRedirectUris);
        if (client.AccessTokenLife is { } life) all["access.token.lifespan"] = ((long)life.TotalSeconds).ToString(CultureInfo.InvariantCulture);
        if (client.SigningAlgorithm is { } algorithm) all["access.token.signed.response.alg"] = algorithm;
        if (client.Exchanges) all["standard.token.exchange.enabled"] = "true";
        if (client.RequirePushed) all["require.pushed.authorization.requests"] = "true";
        if (client.Jwks is { } jwks) (all["use.jwks.string"], all["jwks.string"]) = ("true", jwks);
        return all;
    }
}
