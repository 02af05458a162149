using System.Globalization;
using System.Xml;

namespace Gatehouse.Wire.Saml;

/// <summary>From facts to metadata documents, in the order that the schema wants.</summary>
internal static class MetadataWriting
{
    public static SamlElement Write(SamlMetadata metadata)
    {
        var root = New("EntityDescriptor").Declare("md", SamlNames.Metadata).Declare("ds", SamlNames.Signature)
            .With("ID", SamlWriting.NewId()).With("entityID", metadata.EntityId).With("validUntil", SamlWriting.Time(metadata.ValidUntil))
            .With("cacheDuration", metadata.CacheDuration is { } keep ? XmlConvert.ToString(keep) : null);
        if (metadata.Idp is { } idp)
        {
            var role = Role("IDPSSODescriptor", idp).With("WantAuthnRequestsSigned", SamlWriting.Flag(idp.WantAuthnRequestsSigned));
            foreach (var endpoint in idp.SingleSignOn) role.Add(Endpoint("SingleSignOnService", endpoint));
            root.Add(role);
        }

        if (metadata.Sp is { } sp)
        {
            var role = Role("SPSSODescriptor", sp).With("AuthnRequestsSigned", SamlWriting.Flag(sp.AuthnRequestsSigned)).With("WantAssertionsSigned", SamlWriting.Flag(sp.WantAssertionsSigned));
            var index = 0;
            foreach (var endpoint in sp.AssertionConsumers) role.Add(Endpoint("AssertionConsumerService", endpoint with { Index = endpoint.Index ?? index++ }));
            root.Add(role);
        }

        return root;
    }

    private static SamlElement Role(string name, SamlRole role)
    {
        var element = New(name).With("protocolSupportEnumeration", SamlNames.Protocol);
        foreach (var key in role.SigningKeys) element.Add(Key("signing", key));
        foreach (var key in role.EncryptionKeys)
        {
            var descriptor = Key("encryption", key);
            foreach (var method in role.EncryptionMethods) descriptor.Add(New("EncryptionMethod").With("Algorithm", method));
            element.Add(descriptor);
        }

        foreach (var endpoint in role.SingleLogout) element.Add(Endpoint("SingleLogoutService", endpoint));
        foreach (var format in role.NameIdFormats) element.Add(New("NameIDFormat").Add(format));
        return element;
    }

    private static SamlElement Key(string use, SamlPublicKey key) => New("KeyDescriptor").With("use", use)
        .Add(SamlSignature.New("KeyInfo").Add(SamlSignature.New("X509Data").Add(SamlSignature.New("X509Certificate").Add(Convert.ToBase64String(key.Certificate.Span)))));

    private static SamlElement Endpoint(string name, SamlEndpoint endpoint) => New(name).With("Binding", endpoint.Binding).With("Location", endpoint.Location).With("ResponseLocation", endpoint.ResponseLocation)
        .With("index", endpoint.Index?.ToString(CultureInfo.InvariantCulture)).With("isDefault", SamlWriting.Flag(endpoint.IsDefault));

    private static SamlElement New(string name) => new("md", name, SamlNames.Metadata);
}
