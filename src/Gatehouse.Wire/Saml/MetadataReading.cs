using System.Collections.Immutable;

namespace Gatehouse.Wire.Saml;

/// <summary>From metadata documents to facts.</summary>
internal static class MetadataReading
{
    private const string Md = SamlNames.Metadata;

    public static SamlMetadata Read(SamlElement root, string? entityId, DateTimeOffset now)
    {
        if (!root.Is(Md, "EntityDescriptor") && !root.Is(Md, "EntitiesDescriptor")) throw new SamlException(SamlError.WrongMessage);
        var found = Entities(root).Where(one => entityId is null || one["entityID"] == entityId).Take(2).ToList();

        // Two entities of one name: whichever we took, somebody would mean the other.
        if (found.Count != 1) throw new SamlException(SamlError.NoSuchEntity);
        var entity = found[0];
        DateTimeOffset? until = null;
        TimeSpan? keep = null;
        for (var at = entity; at is not null; at = at.Parent)
        {
            if (SamlReading.Time(at, "validUntil") is { } end && (until is null || end < until)) until = end;
            if (SamlReading.Duration(at, "cacheDuration") is { } span && (keep is null || span < keep)) keep = span;
        }

        if (until <= now) throw new SamlException(SamlError.MetadataExpired);
        var idp = Role(entity, "IDPSSODescriptor", now);
        var sp = Role(entity, "SPSSODescriptor", now);
        if (idp is null && sp is null) throw new SamlException(SamlError.NoSuchEntity);
        return new SamlMetadata
        {
            EntityId = SamlReading.Required(entity, "entityID"),
            ValidUntil = until,
            CacheDuration = keep,
            Idp = idp is null ? null : Common(idp, new IdpRole { SingleSignOn = Endpoints(idp, "SingleSignOnService"), WantAuthnRequestsSigned = SamlReading.Flag(idp, "WantAuthnRequestsSigned") ?? false }),
            Sp = sp is null ? null : Common(sp, new SpRole
            {
                AssertionConsumers = Endpoints(sp, "AssertionConsumerService"),
                AuthnRequestsSigned = SamlReading.Flag(sp, "AuthnRequestsSigned") ?? false,
                WantAssertionsSigned = SamlReading.Flag(sp, "WantAssertionsSigned") ?? false,
            }),
        };
    }

    private static IEnumerable<SamlElement> Entities(SamlElement root)
        => root.Is(Md, "EntityDescriptor") ? [root] : root.Elements().Where(one => one.Is(Md, "EntityDescriptor") || one.Is(Md, "EntitiesDescriptor")).SelectMany(Entities);

    // An entity may have a role twice, for SAML 1.1 and 2.0.
    private static SamlElement? Role(SamlElement entity, string name, DateTimeOffset now)
        => entity.Elements(Md, name).FirstOrDefault(role => (role["protocolSupportEnumeration"] ?? "").Split(' ', '\t', '\r', '\n').Contains(SamlNames.Protocol) && !(SamlReading.Time(role, "validUntil") <= now));

    private static T Common<T>(SamlElement role, T read)
        where T : SamlRole
    {
        var signing = ImmutableArray.CreateBuilder<SamlPublicKey>();
        var encryption = ImmutableArray.CreateBuilder<SamlPublicKey>();
        var methods = ImmutableArray.CreateBuilder<string>();
        var unfit = 0;
        foreach (var descriptor in role.Elements(Md, "KeyDescriptor"))
        {
            var use = descriptor["use"];
            if (use is not (null or "signing" or "encryption")) throw new SamlException(SamlError.Malformed);
            foreach (var certificate in descriptor.Elements(SamlNames.Signature, "KeyInfo").SelectMany(one => one.Elements(SamlNames.Signature, "X509Data")).SelectMany(one => one.Elements(SamlNames.Signature, "X509Certificate")))
            {
                if (!SamlPublicKey.TryRead(certificate.Text(), out var key, out _))
                {
                    unfit++;
                    continue;
                }

                if (use is null or "signing") signing.Add(key);
                if (use is null or "encryption" && key.IsRsa) encryption.Add(key);
            }

            if (use is null or "encryption") methods.AddRange(descriptor.Elements(Md, "EncryptionMethod").Select(one => one["Algorithm"] ?? ""));
        }

        return read with
        {
            SigningKeys = signing.ToImmutable(),
            EncryptionKeys = encryption.ToImmutable(),
            EncryptionMethods = methods.ToImmutable(),
            UnfitCertificates = unfit,
            NameIdFormats = [.. role.Elements(Md, "NameIDFormat").Select(one => one.Value())],
            SingleLogout = Endpoints(role, "SingleLogoutService"),
        };
    }

    private static ImmutableArray<SamlEndpoint> Endpoints(SamlElement role, string name) => [.. role.Elements(Md, name).Select(Endpoint)];

    private static SamlEndpoint Endpoint(SamlElement element)
    {
        var (location, answers) = (SamlReading.Required(element, "Location"), element["ResponseLocation"]);
        if (!SamlReading.IsAddress(location) || (answers is not null && !SamlReading.IsAddress(answers))) throw new SamlException(SamlError.Malformed);
        return new SamlEndpoint(SamlReading.Required(element, "Binding"), location, answers, SamlReading.Number(element, "index"), SamlReading.Flag(element, "isDefault"));
    }
}
