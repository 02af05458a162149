using System.Collections.Immutable;
using System.Globalization;
using Gatehouse.Wire.Saml;

namespace Gatehouse.Federation.Saml;

/// <summary>Settings of a SAML identity provider over those of its preset. Throws <see cref="ArgumentException"/> when one is wrong.</summary>
internal sealed class SamlShape
{
    private readonly IReadOnlyDictionary<string, string> otherwise;

    public SamlShape(Upstream upstream, IReadOnlyDictionary<string, string> otherwise, string publicUrl)
    {
        (Upstream, this.otherwise) = (upstream, otherwise);
        EntityId = Of("spEntityId") ?? $"{publicUrl}/realms/{upstream.Realm}";
        Endpoint = $"{publicUrl}/realms/{upstream.Realm}/broker/{upstream.Alias}/endpoint";
        MetadataUrl = Address("metadataUrl");
        SsoUrl = Address("ssoUrl");
        SloUrl = Address("sloUrl");
        if (MetadataUrl is null && Of("metadata") is null && (SsoUrl is null || Of("entityId") is null || Of("certificates") is null))
            throw new ArgumentException("Set 'metadataUrl' or 'metadata'; or 'entityId', 'ssoUrl' and 'certificates'.");
        Certificates = Keys("certificates");
        Signers = Keys("metadataSigner");
        Signed = (Of("wantSigned") ?? "either") switch
        {
            "either" => SamlSigned.Either,
            "response" => SamlSigned.Response,
            "assertion" => SamlSigned.Assertion,
            "both" => SamlSigned.Both,
            var odd => throw new ArgumentException($"'wantSigned' is either, response, assertion or both, not '{odd}'."),
        };
        Binding = (Of("binding") ?? "redirect") switch
        {
            "redirect" => SamlNames.RedirectBinding,
            "post" => SamlNames.PostBinding,
            var odd => throw new ArgumentException($"'binding' is redirect or post, not '{odd}'."),
        };
        Skew = int.TryParse(Of("clockSkew") ?? "60", NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) && seconds <= 600 ? TimeSpan.FromSeconds(seconds) : throw new ArgumentException("'clockSkew' is a number of seconds, at most 600.");
        if (Of("idpInitiatedTarget") is { } target && target.Replace("{realm}", upstream.Realm, StringComparison.Ordinal) is var path && (path.Length < 1 || path[0] != '/' || path.StartsWith("//", StringComparison.Ordinal) || path.Contains('\\', StringComparison.Ordinal)))
            throw new ArgumentException("'idpInitiatedTarget' is a local path.");
    }

    public Upstream Upstream { get; }

    /// <summary>Our entity ID.</summary>
    public string EntityId { get; }

    /// <summary>Our one address: assertion consumer and sign-out.</summary>
    public string Endpoint { get; }

    public Uri? MetadataUrl { get; }

    public Uri? SsoUrl { get; }

    public Uri? SloUrl { get; }

    public ImmutableArray<SamlPublicKey> Certificates { get; }

    public ImmutableArray<SamlPublicKey> Signers { get; }

    public SamlSigned Signed { get; }

    /// <summary>Binding of our requests.</summary>
    public string Binding { get; }

    public TimeSpan Skew { get; }

    /// <summary>A setting, or the preset's.</summary>
    public string? Of(string name) => Upstream[name] ?? otherwise.GetValueOrDefault(name);

    /// <summary>A yes-or-no setting.</summary>
    public bool Flag(string name, bool unset = false) => Of(name) is { } text ? text == "true" : unset;

    /// <summary>Attribute names, the first that is there counts.</summary>
    public IEnumerable<string> Names(string setting) => (Of(setting) ?? "").Split(' ', StringSplitOptions.RemoveEmptyEntries);

    private Uri? Address(string name)
    {
        if (Of(name) is not { } text) return null;
        foreach (var part in (ReadOnlySpan<string>)["tenant", "application", "host"]) text = text.Replace($"{{{part}}}", part == "host" ? Upstream[part] : Uri.EscapeDataString(Upstream[part] ?? ""), StringComparison.Ordinal);
        text = text.Replace("{spEntityId}", Uri.EscapeDataString(EntityId), StringComparison.Ordinal);
        return Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Scheme is "https" or "http" && uri.UserInfo.Length == 0 ? uri : throw new ArgumentException($"'{name}' is no address: {text}");
    }

    private ImmutableArray<SamlPublicKey> Keys(string name)
    {
        if (Of(name) is not { } text) return [];
        const string End = "-----END CERTIFICATE-----";
        var keys = ImmutableArray.CreateBuilder<SamlPublicKey>();
        foreach (var one in text.Split(End, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
            keys.Add(SamlPublicKey.TryRead(text.Contains(End, StringComparison.Ordinal) ? one + "\n" + End : one, out var key, out var error) ? key : throw new ArgumentException($"'{name}' holds something that is no fit certificate ({error})."));
        return keys.ToImmutable();
    }
}
