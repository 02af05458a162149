using System.Collections.Immutable;
using Gatehouse.Admin.Representations;
using Gatehouse.Clients;
using Gatehouse.Wire.Saml;

namespace Gatehouse.Admin;

/// <summary>An application that speaks SAML in Keycloak's form: <c>protocol</c> is <c>saml</c>, settings are attributes and mappers.</summary>
internal static class SamlShapes
{
    private const string Post = "saml_single_logout_service_url_post";
    private const string Redirect = "saml_single_logout_service_url_redirect";

    // What Keycloak's console sends along, and what is so here anyhow.
    private static readonly string[] Implied =
    [
        "saml.authnstatement", "saml.force.post.binding", "saml.signature.algorithm", "saml.server.signature.keyinfo.ext", "saml.server.signature.keyinfo.xmlSigKeyInfoKeyNameTransformer", "saml.multivalued.roles", "saml.onetimeuse.condition", "saml_force_name_id_format",
        "saml_signature_canonicalization_method", "saml.artifact.binding", "saml.allow.ecp.flow", "saml.encryption.algorithm", "saml.encryption.keyAlgorithm", "saml.encryption.digestMethod", "client.secret.creation.time", "realm_client",
    ];

    private static readonly (string Keycloak, string Ours)[] Properties = [("username", "{username}"), ("email", "{email}"), ("firstName", "{firstName}"), ("lastName", "{lastName}"), ("id", "{id}")];

    /// <summary>The settings as attributes.</summary>
    public static Dictionary<string, string> AttributesOf(SamlApplication saml)
    {
        static string Say(bool flag) => flag ? "true" : "false";
        var all = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["saml.client.signature"] = Say(saml.SignedRequests), ["saml.assertion.signature"] = Say(saml.SignsAssertion), ["saml.server.signature"] = Say(saml.SignsResponse), ["saml.encrypt"] = Say(saml.EncryptionCertificate is not null),
            ["saml_assertion_consumer_url_post"] = saml.Consumers.FirstOrDefault() ?? "", ["saml.signature.algorithm"] = "RSA_SHA256",
        };
        if (!saml.Certificates.IsEmpty) all["saml.signing.certificate"] = string.Join('\n', saml.Certificates);
        if (saml.EncryptionCertificate is { } encryption) all["saml.encryption.certificate"] = encryption;
        if (saml.NameIdFormat is { } format) all["saml_name_id_format"] = format.Split(':')[^1] switch { "emailAddress" => "email", "unspecified" => "username", var other => other };
        if (saml.SignOutAddress is { } address) all[saml.SignOutByPost ? Post : Redirect] = address;
        if (saml.StartName is { } start) all["saml_idp_initiated_sso_url_name"] = start;
        if (saml.StartRelayState is { } relay) all["saml_idp_initiated_sso_relay_state"] = relay;
        return all;
    }

    /// <summary>Attribute rules as mappers.</summary>
    public static IEnumerable<MapperRepresentation> MappersOf(ImmutableArray<AttributeRule> rules, string protocol) => rules.Select(rule => rule.Source switch
    {
        "{roles}" => new MapperRepresentation(rule.Name, protocol, "saml-role-list-mapper", new Dictionary<string, string> { ["attribute.name"] = rule.Name }),
        "{groups}" => new MapperRepresentation(rule.Name, protocol, "saml-group-membership-mapper", new Dictionary<string, string> { ["attribute.name"] = rule.Name }),
        _ => new MapperRepresentation(rule.Name, protocol, "gatehouse-text-mapper", new Dictionary<string, string> { ["attribute.name"] = rule.Name, ["text"] = rule.Source }),
    });

    /// <summary>The settings with what the body says; members that are absent stay as they are.</summary>
    public static SamlApplication Apply(Asked asked, Body body, SamlApplication? old)
    {
        var saml = old ?? new SamlApplication();
        if (body.Texts("redirectUris") is { } consumers) saml = saml with { Consumers = consumers };
        if (body.Object("attributes") is { } attributes) saml = With(asked, attributes, saml);
        if (body.List("protocolMappers") is { } mappers) saml = saml with { Attributes = [.. mappers.Select(mapper => Rule(asked, mapper)).OfType<AttributeRule>()] };
        return saml.Fault is { } fault ? throw Refused.Invalid(fault) : saml;
    }

    /// <summary>The same for an application that speaks CAS: its services are <c>redirectUris</c>, as in Keycloak's CAS extension.</summary>
    public static CasApplication Apply(Asked asked, Body body, CasApplication? old)
    {
        var cas = old ?? new CasApplication();
        if (body.Texts("redirectUris") is { } services) cas = cas with { Services = services };
        body.Object("attributes")?.Rest(name => asked.Ignore($"attributes.{name}"));
        if (body.List("protocolMappers") is { } mappers) cas = cas with { Attributes = [.. mappers.Select(mapper => Rule(asked, mapper)).OfType<AttributeRule>()] };
        return cas.Fault is { } fault ? throw Refused.Invalid(fault) : cas;
    }

    private static SamlApplication With(Asked asked, Body attributes, SamlApplication saml)
    {
        bool Flag(string name, bool otherwise) => attributes.Text(name) is { Length: > 0 } text ? text == "true" : otherwise;
        string? Text(string name, string? otherwise) => attributes.Text(name) is { } text ? text.Length > 0 ? text : null : otherwise;
        var (post, redirect) = (Text(Post, saml.SignOutByPost ? saml.SignOutAddress : null), Text(Redirect, saml.SignOutByPost ? null : saml.SignOutAddress));
        var made = saml with
        {
            SignedRequests = Flag("saml.client.signature", saml.SignedRequests), SignsAssertion = Flag("saml.assertion.signature", saml.SignsAssertion), SignsResponse = Flag("saml.server.signature", saml.SignsResponse),
            Certificates = attributes.Text("saml.signing.certificate") is { } certificates ? Split(certificates) : saml.Certificates,
            EncryptionCertificate = Flag("saml.encrypt", saml.EncryptionCertificate is not null) ? Text("saml.encryption.certificate", saml.EncryptionCertificate) ?? throw Refused.Invalid("'saml.encrypt' needs 'saml.encryption.certificate'.") : null,
            SignOutAddress = redirect ?? post, SignOutByPost = redirect is null && post is not null, StartName = Text("saml_idp_initiated_sso_url_name", saml.StartName), StartRelayState = Text("saml_idp_initiated_sso_relay_state", saml.StartRelayState),
            NameIdFormat = attributes.Text("saml_name_id_format") switch
            {
                null => saml.NameIdFormat,
                "" or "username" => null,
                "email" => SamlNames.EmailName,
                "persistent" => SamlNames.PersistentName,
                "transient" => SamlNames.TransientName,
                var odd => throw Refused.Unsupported($"The attribute 'saml_name_id_format' cannot be '{odd}': username, email, persistent and transient are offered."),
            },
        };
        if (attributes.Text("saml_assertion_consumer_url_post") is { Length: > 0 } first) made = made with { Consumers = [first, .. made.Consumers.Where(one => one != first)] };
        if (attributes.Text("saml_assertion_consumer_url_redirect") is { Length: > 0 }) throw Refused.Unsupported("The attribute 'saml_assertion_consumer_url_redirect' cannot be set: assertions go by POST (SAML Profiles, 4.1.2).");
        attributes.Rest(name => asked.Ignore($"attributes.{name}"), Implied);
        return made;
    }

    private static AttributeRule? Rule(Asked asked, Body mapper)
    {
        var config = mapper.Object("config");
        var name = config?.Text("attribute.name") ?? mapper.Text("name") ?? "";
        var (kind, source) = (mapper.Text("protocolMapper"), config?.Text("user.attribute") ?? "");
        var text = kind switch
        {
            "gatehouse-text-mapper" => config?.Text("text"),
            "saml-role-list-mapper" => "{roles}",
            "saml-group-membership-mapper" => "{groups}",
            "saml-hardcode-attribute-mapper" => config?.Text("attribute.value"),
            "saml-user-property-mapper" or "saml-user-attribute-mapper" => Properties.FirstOrDefault(one => one.Keycloak == source).Ours ?? $"{{attribute.{source}}}",
            _ => null,
        };
        if (text is { Length: > 0 }) return new AttributeRule(name, text);
        asked.Ignore($"protocolMappers.{mapper.Text("name")}");
        return null;
    }

    // Keycloak keeps one, without its frame; several stand one after the other, in their frames.
    private static ImmutableArray<string> Split(string text)
    {
        const string End = "-----END CERTIFICATE-----";
        return text.Contains(End, StringComparison.Ordinal) ? [.. text.Split(End, StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Select(one => $"{one}\n{End}\n")] : text.Length > 0 ? [text] : [];
    }
}
