namespace Gatehouse.Wire.Saml;

/// <summary>Names that the SAML 2.0 and XML security standards give.</summary>
public static class SamlNames
{
    /// <summary>Namespace of protocol messages (<c>samlp</c>).</summary>
    public const string Protocol = "urn:oasis:names:tc:SAML:2.0:protocol";

    /// <summary>Namespace of assertions (<c>saml</c>).</summary>
    public const string Assertion = "urn:oasis:names:tc:SAML:2.0:assertion";

    /// <summary>Namespace of metadata (<c>md</c>).</summary>
    public const string Metadata = "urn:oasis:names:tc:SAML:2.0:metadata";

    /// <summary>Namespace of XML signatures (<c>ds</c>).</summary>
    public const string Signature = "http://www.w3.org/2000/09/xmldsig#";

    /// <summary>Namespace of XML encryption (<c>xenc</c>).</summary>
    public const string Encryption = "http://www.w3.org/2001/04/xmlenc#";

    /// <summary>Namespace of XML encryption 1.1 (<c>xenc11</c>).</summary>
    public const string Encryption11 = "http://www.w3.org/2009/xmlenc11#";

    /// <summary>Namespace of XML schema instances (<c>xsi</c>).</summary>
    public const string SchemaInstance = "http://www.w3.org/2001/XMLSchema-instance";

    /// <summary>Namespace of XML schema types (<c>xs</c>).</summary>
    public const string Schema = "http://www.w3.org/2001/XMLSchema";

    /// <summary>Namespace bound to <c>xml</c>.</summary>
    public const string Xml = "http://www.w3.org/XML/1998/namespace";

    /// <summary>HTTP-Redirect binding.</summary>
    public const string RedirectBinding = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect";

    /// <summary>HTTP-POST binding.</summary>
    public const string PostBinding = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST";

    /// <summary>Status: success.</summary>
    public const string Success = "urn:oasis:names:tc:SAML:2.0:status:Success";

    /// <summary>Status: the request could not be served for a reason of the requester's.</summary>
    public const string Requester = "urn:oasis:names:tc:SAML:2.0:status:Requester";

    /// <summary>Status: the request could not be served for a reason of the responder's.</summary>
    public const string Responder = "urn:oasis:names:tc:SAML:2.0:status:Responder";

    /// <summary>Nested status: authentication failed.</summary>
    public const string AuthnFailed = "urn:oasis:names:tc:SAML:2.0:status:AuthnFailed";

    /// <summary>Nested status: nobody is signed in and the request allows no page (<c>IsPassive</c>).</summary>
    public const string NoPassive = "urn:oasis:names:tc:SAML:2.0:status:NoPassive";

    /// <summary>Nested status: the wanted authentication context cannot be given.</summary>
    public const string NoAuthnContext = "urn:oasis:names:tc:SAML:2.0:status:NoAuthnContext";

    /// <summary>Nested status: the wanted kind of name cannot be given.</summary>
    public const string InvalidNameIdPolicy = "urn:oasis:names:tc:SAML:2.0:status:InvalidNameIDPolicy";

    /// <summary>Nested status: the request is refused.</summary>
    public const string RequestDenied = "urn:oasis:names:tc:SAML:2.0:status:RequestDenied";

    /// <summary>Nested status: a logout that did not reach everybody.</summary>
    public const string PartialLogout = "urn:oasis:names:tc:SAML:2.0:status:PartialLogout";

    /// <summary>Name format: unspecified.</summary>
    public const string UnspecifiedName = "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified";

    /// <summary>Name format: e-mail address.</summary>
    public const string EmailName = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress";

    /// <summary>Name format: persistent pseudonym.</summary>
    public const string PersistentName = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent";

    /// <summary>Name format: new at each sign-in.</summary>
    public const string TransientName = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient";

    /// <summary>Format of an issuer that is an entity ID.</summary>
    public const string EntityName = "urn:oasis:names:tc:SAML:2.0:nameid-format:entity";

    /// <summary>Attribute name format: a URI.</summary>
    public const string UriAttribute = "urn:oasis:names:tc:SAML:2.0:attrname-format:uri";

    /// <summary>Attribute name format: a simple name.</summary>
    public const string BasicAttribute = "urn:oasis:names:tc:SAML:2.0:attrname-format:basic";

    /// <summary>Confirmation method: whoever bears the assertion.</summary>
    public const string Bearer = "urn:oasis:names:tc:SAML:2.0:cm:bearer";

    /// <summary>Authentication context: password over a protected channel.</summary>
    public const string PasswordProtectedTransport = "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport";

    /// <summary>Authentication context: unspecified.</summary>
    public const string UnspecifiedContext = "urn:oasis:names:tc:SAML:2.0:ac:classes:unspecified";

    internal const string Enveloped = Signature + "enveloped-signature";
    internal const string ExclusiveC14n = "http://www.w3.org/2001/10/xml-exc-c14n#";
    internal const string Deflate = "urn:oasis:names:tc:SAML:2.0:bindings:URL-Encoding:DEFLATE";

    /// <summary>Whether a name format is one that can be given out: unspecified, e-mail, persistent, transient.</summary>
    public static bool IsKnownName(string format) => format is UnspecifiedName or EmailName or PersistentName or TransientName;
}
