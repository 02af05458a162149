namespace Gatehouse.Federation.Oidc;

/// <summary>Kinds that speak OAuth 2.0 or OpenID Connect: generic by discovery, and those of well-known providers, whose addresses are theirs and change rarely.</summary>
internal static class Presets
{
    private static readonly Setting[] Client =
    [
        new("clientId", "our client id there", Required: true),
        new("clientSecret", "our client secret there", Secret: true),
        new("scopes", "scopes to ask for, parted by spaces"),
        new("usernameClaim", "claim that is the login name"),
        new("groupsClaim", "claim that lists groups", Otherwise: "groups"),
        new("subjectClaim", "claim that is the stable id"),
        new("prompt", "prompt to send along, such as select_account"),
        new("acr", "authentication context to ask for (acr_values)"),
        new("tradesCodesAt", "redirect addresses whose codes, given there to our own client, may be traded for tokens here, parted by spaces"),
        new("tradesIdTokensOf", "client ids there whose ID tokens may be traded for tokens here, once each, parted by spaces"),
    ];

    /// <summary>The kinds.</summary>
    public static IReadOnlyList<UpstreamKind> Kinds { get; } =
    [
        Kind("oidc", "OpenID Connect", [
            new("issuer", "address of the issuer, where discovery begins", Required: true),
            new("authorizationUrl", "authorization endpoint, where discovery is not to be asked"),
            new("tokenUrl", "token endpoint"),
            new("jwksUrl", "key set"),
            new("userInfoUrl", "userinfo endpoint"),
            new("logoutUrl", "end-session endpoint"),
            new("signOutThere", "whether signing out here signs out there; register our address with /logout_response at its end there", Otherwise: "false"),
            new("clientAuthMethod", "client_secret_basic or client_secret_post", Otherwise: "client_secret_basic"),
        ], one => new OidcShape
        {
            Issuer = one["issuer"], Authorize = Address(one, "authorizationUrl"), Token = Address(one, "tokenUrl"), Jwks = Address(one, "jwksUrl"), Userinfo = Address(one, "userInfoUrl"), EndSession = Address(one, "logoutUrl"),
            SecretInBody = one["clientAuthMethod"] == "client_secret_post",
        }),
        Kind("google", "Google", [], _ => new OidcShape { Issuer = "https://accounts.google.com", UsernameClaim = "email", SecretInBody = true }),
        Kind("microsoft", "Microsoft Entra ID", [new("tenant", "directory (tenant) id or domain", Required: true)], one => new OidcShape
        {
            Issuer = $"https://login.microsoftonline.com/{one["tenant"]}/v2.0", IssuerBelow = "https://login.microsoftonline.com/", SubjectClaim = "oid", SecretInBody = true,
        }),
        Kind("linkedin", "LinkedIn", [], _ => new OidcShape { Issuer = "https://www.linkedin.com/oauth", UsernameClaim = "email", SecretInBody = true }),
        Kind("github", "GitHub", [], _ => new OidcShape
        {
            Authorize = new Uri("https://github.com/login/oauth/authorize"), Token = new Uri("https://github.com/login/oauth/access_token"), Userinfo = new Uri("https://api.github.com/user"), Emails = new Uri("https://api.github.com/user/emails"),
            Scopes = "read:user user:email", SubjectClaim = "id", UsernameClaim = "login", SecretInBody = true,
        }),
        Kind("facebook", "Facebook", [], _ => new OidcShape
        {
            Authorize = new Uri("https://www.facebook.com/v21.0/dialog/oauth"), Token = new Uri("https://graph.facebook.com/v21.0/oauth/access_token"), Userinfo = new Uri("https://graph.facebook.com/v21.0/me?fields=id,name,email,first_name,last_name"),
            Scopes = "public_profile email", SubjectClaim = "id", UsernameClaim = "email", SecretInBody = true,
        }),
        Kind("x", "X", [], _ => new OidcShape
        {
            Authorize = new Uri("https://x.com/i/oauth2/authorize"), Token = new Uri("https://api.x.com/2/oauth2/token"), Userinfo = new Uri("https://api.x.com/2/users/me"), Scopes = "users.read tweet.read", SubjectClaim = "id", UsernameClaim = "username", NestedIn = "data",
        }),
    ];

    /// <summary>The kind that checks passwords at another server's token endpoint.</summary>
    public static UpstreamKind PasswordGrant { get; } = new("keycloak", "Keycloak, checked by its token endpoint (to move over from it)",
    [
        new("issuer", "address of the realm there, as https://sso.example/realms/site", Required: true),
        new("clientId", "our client id there; it needs 'direct access grants'", Required: true),
        new("clientSecret", "our client secret there", Secret: true),
        new("usernameClaim", "claim that is the login name", Otherwise: "preferred_username"),
        new("groupsClaim", "claim that lists groups", Otherwise: "groups"),
        new("subjectClaim", "claim that is the stable id", Otherwise: "sub"),
    ], (upstream, surroundings) => Uri.TryCreate(upstream["issuer"], UriKind.Absolute, out var uri) && (uri.Scheme == "https" || (uri.Scheme == "http" && uri.IsLoopback))
        ? new PasswordGrantUpstream(upstream, With(new OidcShape { Issuer = upstream["issuer"] }, upstream), surroundings)
        : throw new ArgumentException("'issuer' must be an https address: passwords go there.")) { ChecksPasswords = true };

    private static UpstreamKind Kind(string name, string title, Setting[] more, Func<Upstream, OidcShape> shape)
        => new(name, title, [.. more, .. Client], (upstream, surroundings) => new OidcUpstream(upstream, With(shape(upstream), upstream), surroundings));

    private static OidcShape With(OidcShape shape, Upstream one) => shape with
    {
        Scopes = one["scopes"] ?? shape.Scopes, UsernameClaim = one["usernameClaim"] ?? shape.UsernameClaim, GroupsClaim = one["groupsClaim"] ?? shape.GroupsClaim, SubjectClaim = one["subjectClaim"] ?? shape.SubjectClaim,
    };

    private static Uri? Address(Upstream one, string name) => Uri.TryCreate(one[name], UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https" ? uri : null;
}
