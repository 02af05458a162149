using Microsoft.AspNetCore.Authentication;

namespace Gatehouse.ResourceServer;

/// <summary>Settings of the authentication scheme.</summary>
public sealed class GatehouseOptions : AuthenticationSchemeOptions
{
    /// <summary>Name of the scheme where none is given.</summary>
    public const string Scheme = "Gatehouse";

    /// <summary>Whose tokens count.</summary>
    public TrustRules? Trust { get; set; }

    /// <summary>The realm that refusals name; the host's name says as much.</summary>
    public string Realm { get; set; } = "api";

    /// <summary>Reaches the issuer, for a site's own certificates and for tests; null for the usual way. It must follow no redirects.</summary>
    public HttpMessageHandler? Handler { get; set; }

    /// <summary>What judges; made of <see cref="Trust"/> at the start.</summary>
    internal TokenTrust? Judge { get; set; }

    /// <inheritdoc/>
    public override void Validate()
    {
        base.Validate();
        if (Realm.Any(c => c is < ' ' or > '~' or '"' or '\\')) throw new ArgumentException("The realm stands in a header between quotes: plain letters, digits and signs.");
        Judge ??= new TokenTrust(Trust ?? throw new ArgumentException("Trust is missing: the issuer and the name of this service."), TimeProvider, Handler);
    }
}
