namespace Gatehouse.Federation.Finesse;

/// <summary>The kind for a Cisco Finesse that knows the contact centre's agents.</summary>
internal static class FinesseKinds
{
    /// <summary>The kinds.</summary>
    public static IReadOnlyList<UpstreamKind> Kinds { get; } =
    [
        new("finesse", "Cisco Finesse", [
            new("url", "its address, as https://fin1.example.org:8445", Required: true),
            new("opaqueTokens", "whether tokens count that cannot be read here, since the identity service encrypts them: a supervisor's then opens the account of each agent whom they may look at", Otherwise: "false"),
        ], (upstream, surroundings) => new FinesseUpstream(upstream, surroundings)) { ChecksPasswords = true },
    ];
}
