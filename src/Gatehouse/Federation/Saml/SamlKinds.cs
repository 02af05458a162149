namespace Gatehouse.Federation.Saml;

/// <summary>Kinds that speak SAML 2.0: generic by metadata, and those of well-known products, whose addresses, claim names and habits are known.</summary>
internal static class SamlKinds
{
    private const string Claims = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/";

    private static readonly Setting[] Common =
    [
        new("entityId", "entity ID of the identity provider; needed where its metadata holds several, or there is none"),
        new("metadata", "its metadata, the document itself, instead of an address"),
        new("metadataSigner", "certificate (PEM) whose key must have signed the metadata"),
        new("ssoUrl", "its sign-in address, where there is no metadata"),
        new("sloUrl", "its sign-out address, where there is no metadata"),
        new("certificates", "its signing certificates (PEM), where there is no metadata, or beside it: put the next one here ahead of a change"),
        new("spEntityId", "our entity ID; the realm's address when unset"),
        new("binding", "how requests go there: redirect or post", Otherwise: "redirect"),
        new("signRequests", "whether our requests are signed", Otherwise: "true"),
        new("wantSigned", "what must be signed: either, response, assertion or both", Otherwise: "either"),
        new("requireEncrypted", "whether assertions must be encrypted", Otherwise: "false"),
        new("offerEncryption", "whether our metadata shows a key to encrypt for", Otherwise: "true"),
        new("idpInitiated", "whether sign-ins that begin there are taken; anybody's link can then sign somebody in as somebody else", Otherwise: "false"),
        new("idpInitiatedTarget", "local path at which such a sign-in ends", Otherwise: "/realms/{realm}/signed-in"),
        new("signOutThere", "whether signing out here signs out there", Otherwise: "true"),
        new("nameIdFormat", "name format to ask for"),
        new("authnContext", "authentication context classes to ask for, parted by spaces"),
        new("subjectAttribute", "attribute that is the stable id, where the name is not stable"),
        new("usernameAttribute", "attribute that is the login name; the name itself when unset"),
        new("emailAttribute", "attribute that is the e-mail address"),
        new("firstNameAttribute", "attribute that is the first name"),
        new("lastNameAttribute", "attribute that is the last name"),
        new("groupsAttribute", "attribute that lists groups"),
        new("clockSkew", "seconds by which its clock may be off", Otherwise: "60"),
        new("allowSha1", "whether signatures by SHA-1 are believed, for a partner that knows nothing else", Otherwise: "false"),
        new("allowRsa15", "whether keys wrapped by RSA 1.5 are opened, for a partner that knows nothing else", Otherwise: "false"),
        new("allowCbc", "whether AES-CBC is opened in a response that is not signed itself", Otherwise: "false"),
    ];

    /// <summary>The kinds.</summary>
    public static IReadOnlyList<UpstreamKind> Kinds { get; } =
    [
        Kind("saml", "SAML 2.0", [new("metadataUrl", "address of its metadata")], new()
        {
            ["usernameAttribute"] = "uid", ["emailAttribute"] = "mail email urn:oid:0.9.2342.19200300.100.1.3", ["firstNameAttribute"] = "givenName firstName urn:oid:2.5.4.42", ["lastNameAttribute"] = "sn lastName surname urn:oid:2.5.4.4", ["groupsAttribute"] = "groups memberOf",
        }),
        Kind("entra-saml", "Microsoft Entra ID (SAML)", [new("tenant", "directory (tenant) id", Required: true), new("application", "application (client) id", Required: true)], new()
        {
            ["metadataUrl"] = "https://login.microsoftonline.com/{tenant}/federationmetadata/2007-06/federationmetadata.xml?appid={application}", ["subjectAttribute"] = "http://schemas.microsoft.com/identity/claims/objectidentifier",
            ["usernameAttribute"] = Claims + "name", ["emailAttribute"] = Claims + "emailaddress", ["firstNameAttribute"] = Claims + "givenname", ["lastNameAttribute"] = Claims + "surname", ["groupsAttribute"] = "http://schemas.microsoft.com/ws/2008/06/identity/claims/groups",
        }),
        Kind("okta-saml", "Okta (SAML)", [new("metadataUrl", "address of its metadata, as Okta shows it for the application", Required: true)], new()
        {
            ["emailAttribute"] = "email", ["firstNameAttribute"] = "firstName", ["lastNameAttribute"] = "lastName", ["groupsAttribute"] = "groups", ["binding"] = "post",
        }),
        // AD FS signs the assertion alone and encrypts by CBC as soon as it sees a key to encrypt for.
        Kind("adfs", "AD FS", [new("host", "host name of the federation service", Required: true)], new()
        {
            ["metadataUrl"] = "https://{host}/FederationMetadata/2007-06/FederationMetadata.xml", ["offerEncryption"] = "false", ["subjectAttribute"] = Claims + "primarysid " + "http://schemas.microsoft.com/ws/2008/06/identity/claims/primarysid",
            ["usernameAttribute"] = Claims + "upn", ["emailAttribute"] = Claims + "emailaddress", ["firstNameAttribute"] = Claims + "givenname", ["lastNameAttribute"] = Claims + "surname", ["groupsAttribute"] = "http://schemas.xmlsoap.org/claims/Group",
        }),
        Kind("pingfederate", "PingFederate", [new("host", "host name, with its port where it is not 443", Required: true)], new()
        {
            ["metadataUrl"] = "https://{host}/pf/federation_metadata.ping?PartnerSpId={spEntityId}", ["emailAttribute"] = "mail email", ["firstNameAttribute"] = "givenName", ["lastNameAttribute"] = "sn", ["groupsAttribute"] = "memberOf groups",
        }),
    ];

    private static UpstreamKind Kind(string name, string title, Setting[] more, Dictionary<string, string> otherwise)
        => new(name, title, [.. more, .. Common.Where(one => more.All(own => own.Name != one.Name))], (upstream, surroundings) => new SamlUpstream(new SamlShape(upstream, otherwise, surroundings.PublicUrl), surroundings));
}
