namespace Gatehouse.Federation.Jwt;

/// <summary>The kind that trusts an issuer's JWTs as authorization grants.</summary>
internal static class JwtKinds
{
    /// <summary>The kinds.</summary>
    public static IReadOnlyList<UpstreamKind> Kinds { get; } =
    [
        new("jwt", "Trusted JWT issuer", [
            new("issuer", "the exact 'iss' of its tokens", Required: true),
            new("jwksUrl", "address of its key set; found by discovery when neither this nor 'jwks' is set"),
            new("jwks", "its key set, the document itself"),
            new("audience", "the 'aud' that its tokens must name; our issuer or token endpoint when unset"),
            new("longestLife", "seconds that a token may live at most", Otherwise: "600"),
            new("once", "whether a token counts once: by its 'jti', which it must have then", Otherwise: "true"),
            new("subjectClaim", "claim that is the stable id", Otherwise: "sub"),
            new("usernameClaim", "claim that is the login name", Otherwise: "preferred_username"),
            new("groupsClaim", "claim that lists groups", Otherwise: "groups"),
        ], (upstream, surroundings) => new JwtUpstream(upstream, surroundings)),
    ];
}
