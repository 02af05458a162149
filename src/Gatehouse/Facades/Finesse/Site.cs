using Gatehouse.Clients;
using Gatehouse.People;
using Gatehouse.Terms;
using Gatehouse.Tokens;
using Microsoft.Extensions.Options;

namespace Gatehouse.Facades.Finesse;

/// <summary>What the endpoints share: the realm and the client of the settings, with the lifetimes that Finesse has.</summary>
internal sealed class Site(Realms realms, ClientStore clients, Issuers issuers, IOptions<FinesseSettings> options)
{
    public FinesseSettings Settings { get; } = options.Value;

    /// <summary>Origin under which browsers see this program.</summary>
    public string Origin { get; } = new Uri(issuers.PublicUrl).GetLeftPart(UriPartial.Authority);

    /// <summary>What a person's principal has behind the @.</summary>
    public string Domain => Settings.Domain is { Length: > 0 } domain ? domain : Settings.Realm;

    /// <summary>The realm; null when it is not there or closed. Its refresh tokens and codes live as long as Finesse's.</summary>
    public Realm? Realm => realms.Find(Settings.Realm) is { Enabled: true } realm ? With(realm) : null;

    /// <summary>Realm and client, or what is missing, in words for whoever set it up.</summary>
    public async ValueTask<(Realm? Realm, Client? Client, string? Missing)> OpenAsync(CancellationToken stop)
    {
        var found = await Setup.FindAsync("finesse", realms, Settings.Realm, clients, Settings.Client, "the authorization code flow or token exchange", stop);
        return found is ({ } realm, { } client, _) ? (With(realm), With(client), null) : found;
    }

    /// <summary>A client with the lives of the settings, unless it has its own.</summary>
    public Client With(Client client) => client with { AccessTokenLife = client.AccessTokenLife ?? Settings.AccessExpires };

    /// <summary>Whether a script of another site, which is not listed, caused the request.</summary>
    public bool IsForeign(HttpContext context)
        => context.Request.Headers.Origin is [{ Length: > 0 } origin] ? origin != Origin && !Settings.Origins.Contains(origin)
            : context.Request.Headers["Sec-Fetch-Site"] is ["cross-site"] && context.Request.Headers["Sec-Fetch-Mode"] is not ["navigate"];

    // A session must not end before the token that it carries can be renewed.
    private Realm With(Realm realm) => realm with { SessionIdle = Settings.RefreshExpires > realm.SessionIdle ? Settings.RefreshExpires : realm.SessionIdle, CodeLife = Settings.CodeExpires };
}
