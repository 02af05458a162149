using System.Collections.Immutable;
using Gatehouse.Wire.Saml;

namespace Gatehouse.Clients;

/// <summary>An application that speaks SAML 2.0 instead of OpenID Connect; its entity ID is the client id, as in Keycloak.</summary>
public sealed record SamlApplication
{
    /// <summary>Exact addresses that take assertions, by POST; the first is taken when a request names none.</summary>
    public ImmutableArray<string> Consumers { get; init; } = [];

    /// <summary>Its signing certificates (PEM): several while it changes them.</summary>
    public ImmutableArray<string> Certificates { get; init; } = [];

    /// <summary>Certificate (PEM) to encrypt assertions for; null for assertions in the clear.</summary>
    public string? EncryptionCertificate { get; init; }

    /// <summary>Where its sessions are ended by the browser; null when it takes no part in sign-outs.</summary>
    public string? SignOutAddress { get; init; }

    /// <summary>Where it takes answers to its own sign-outs; null for <see cref="SignOutAddress"/>.</summary>
    public string? SignOutAnswerAddress { get; init; }

    /// <summary>Sign-out messages go there by POST instead of redirect.</summary>
    public bool SignOutByPost { get; init; }

    /// <summary>Its requests must be signed.</summary>
    public bool SignedRequests { get; init; } = true;

    /// <summary>Its assertions are signed.</summary>
    public bool SignsAssertion { get; init; } = true;

    /// <summary>Responses to it are signed.</summary>
    public bool SignsResponse { get; init; } = true;

    /// <summary>Name format when a request asks for none; null for the login name.</summary>
    public string? NameIdFormat { get; init; }

    /// <summary>Attributes of its assertions.</summary>
    public ImmutableArray<AttributeRule> Attributes { get; init; } = AttributeRule.Usual;

    /// <summary>Name in the address at which a sign-in begins here (<c>protocol/saml/clients/{name}</c>); null for none.</summary>
    public string? StartName { get; init; }

    /// <summary>Relay state of such a sign-in; null for none.</summary>
    public string? StartRelayState { get; init; }

    /// <summary>Settings from the application's metadata. Throws <see cref="ArgumentException"/> when it does not describe a service provider that can be served.</summary>
    public static (string EntityId, SamlApplication Settings) Of(ReadOnlySpan<byte> metadata, DateTimeOffset now)
    {
        if (!SamlMetadata.TryRead(metadata, null, null, now, out var read, out var error)) throw new ArgumentException($"The metadata is refused: {error}.");
        if (read.Sp is not { } sp) throw new ArgumentException("The metadata describes no service provider.");
        if (sp.DefaultConsumer(SamlNames.PostBinding) is not { } first) throw new ArgumentException("The service provider has no assertion consumer that takes POST.");
        var logout = sp.LogoutBy(SamlNames.RedirectBinding) ?? sp.LogoutBy(SamlNames.PostBinding);
        var made = new SamlApplication
        {
            Consumers = [first.Location, .. sp.AssertionConsumers.Where(one => one.Binding == SamlNames.PostBinding && one.Location != first.Location).Select(one => one.Location).Distinct()],
            Certificates = [.. sp.SigningKeys.Select(one => one.ToPem())], EncryptionCertificate = sp.EncryptionKeys.FirstOrDefault()?.ToPem(), SignedRequests = sp.AuthnRequestsSigned,
            SignOutAddress = logout?.Location, SignOutAnswerAddress = logout?.ResponseLocation, SignOutByPost = logout?.Binding == SamlNames.PostBinding, NameIdFormat = sp.NameIdFormats.FirstOrDefault(SamlNames.IsKnownName),
        };
        return made.Fault is { } fault ? throw new ArgumentException(fault) : (read.EntityId, made);
    }

    /// <summary>What is wrong with the settings; null when nothing is.</summary>
    [System.Text.Json.Serialization.JsonIgnore]
    public string? Fault
    {
        get
        {
            if (Consumers.IsEmpty) return "An application that speaks SAML needs an address that takes assertions.";
            foreach (var address in Consumers.Append(SignOutAddress).Append(SignOutAnswerAddress))
                if (address is not null && (!Uri.TryCreate(address, UriKind.Absolute, out var uri) || uri.Scheme is not ("https" or "http") || uri.Fragment.Length > 0 || uri.UserInfo.Length > 0)) return $"'{address}' is no web address.";
            foreach (var certificate in Certificates.Append(EncryptionCertificate))
                if (certificate is not null && !SamlPublicKey.TryRead(certificate, out _, out var error)) return $"A certificate is unfit: {error}.";
            if (EncryptionCertificate is not null && SamlPublicKey.TryRead(EncryptionCertificate, out var key, out _) && !key.IsRsa) return "Assertions are encrypted for RSA keys only.";
            if (SignedRequests && Certificates.IsEmpty) return "Signed requests need the application's certificate.";
            if (!SignsAssertion && !SignsResponse) return "The assertion, the response or both must be signed.";
            if (NameIdFormat is not null && !SamlNames.IsKnownName(NameIdFormat)) return $"The name format '{NameIdFormat}' is not offered.";
            if (StartName is not null && (StartName.Length is 0 or > 64 || StartName.Any(c => !char.IsAsciiLetterOrDigit(c) && c is not ('-' or '_' or '.')))) return "The start name has letters, digits, dots, dashes and underscores only.";
            return AttributeRule.FaultOf(Attributes);
        }
    }
}
