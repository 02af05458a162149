using System.Collections.Frozen;
using Gatehouse.Audit;
using Gatehouse.People;
using Gatehouse.Tokens;
using Gatehouse.Tokens.Grants;
using Gatehouse.Wire.OAuth;

namespace Gatehouse.Protocols.OpenId;

/// <summary>The token endpoint (RFC 6749, 3.2): five phases that no grant can skip. 1 request, 2 client, 3 grant allowed, 4 the grant authorizes, 5 the mint.</summary>
public sealed class TokenEndpoint(Realms realms, ClientAuthentication authentication, IEnumerable<IGrant> grants, Issuer issuer, AuditLog audit)
{
    private readonly FrozenDictionary<string, IGrant> grants = grants.ToFrozenDictionary(grant => grant.Type);

    /// <summary>Answers a token request.</summary>
    public async Task AskAsync(HttpContext context)
    {
        // 1 The request is well-formed.
        if (await Exchange.RealmAsync(context, realms) is not { } realm) return;
        var (parameters, malformed) = await Exchange.FormAsync(context);
        if (parameters is null)
        {
            await Exchange.ErrorAsync(context, malformed!);
            return;
        }

        // 2 The client is who it says.
        var bearer = parameters["grant_type"] is { } wanted && grants.TryGetValue(wanted, out var takes) && takes.TakesBearer ? ClientAuthentication.BearerOf(context) : null;
        var byBearer = bearer is not null && !ClientAuthentication.HasProof(parameters);
        var (client, unknown) = byBearer ? await authentication.OfBearerAsync(context, realm, parameters, bearer!, TypeOf(parameters)) : await authentication.IdentifyAsync(context, realm, parameters, publicToo: true, TypeOf(parameters));
        if (client is null)
        {
            await Exchange.ErrorAsync(context, unknown!);
            return;
        }

        Cors.Allow(context, client);

        // 3 It may use this grant.
        var error = parameters["grant_type"] is not { } type ? OAuthError.InvalidRequest("Missing form parameter: grant_type")
            : !grants.TryGetValue(type, out var grant) ? OAuthError.UnsupportedGrant("Unsupported grant_type")
            : !grant.IsAllowed(client) ? OAuthError.UnauthorizedClient("The client may not use this grant.") : null;
        if (error is not null)
        {
            await RefuseAsync(context, realm.Name, client.ClientId, parameters, error);
            return;
        }

        // 4 The grant authorizes, repeats a stored answer, or refuses.
        var result = await grants[parameters["grant_type"]!].AuthorizeAsync(new GrantRequest(realm, client, parameters, Exchange.AddressOf(context)) { Bearer = bearer, ByBearer = byBearer }, context.RequestAborted);
        if (result.Sunset is { } sunset) Ends(context, sunset);
        switch (result)
        {
            case GrantResult.Refused { Audited: true, Error: var told }:
                await Exchange.ErrorAsync(context, told);
                return;
            case GrantResult.Refused refused:
                await RefuseAsync(context, realm.Name, client.ClientId, parameters, refused.Error);
                return;
            case GrantResult.Told answer:
                await Exchange.JsonAsync(context, answer.Body);
                return;
            case GrantResult.Repeated repeated:
                await Exchange.JsonAsync(context, repeated.Tokens.ToJson());
                return;
        }

        // 5 The mint runs its checklist, signs and writes.
        var (tokens, no) = await issuer.MintAsync(((GrantResult.Granted)result).Authorization, context.RequestAborted);
        if (tokens is null) await Exchange.ErrorAsync(context, no!);
        else await Exchange.JsonAsync(context, tokens.ToJson());
    }

    private Task RefuseAsync(HttpContext context, string realm, string client, Parameters parameters, OAuthError error)
    {
        audit.NoteRefusal(Exchange.Refusal(context, realm, TypeOf(parameters), client, error));
        return Exchange.ErrorAsync(context, error);
    }

    // As of 2025, when RFC 9700 (2.4) gave it up. RFC 9745, 2 and RFC 8594, 3: this way of asking is over one day, and says when.
    private static void Ends(HttpContext context, DateTimeOffset sunset)
    {
        context.Response.Headers["Deprecation"] = "@1735689600";
        context.Response.Headers["Sunset"] = sunset.ToString("R", System.Globalization.CultureInfo.InvariantCulture);
    }

    private static string TypeOf(Parameters parameters) => parameters["grant_type"] switch { "refresh_token" => "REFRESH_TOKEN_ERROR", "authorization_code" => "CODE_TO_TOKEN_ERROR", ExchangeGrant.Name or AssertionGrants.Jwt or AssertionGrants.Saml => "TOKEN_EXCHANGE_ERROR", GrantNames.Uma => "PERMISSION_TOKEN_ERROR", GrantNames.Password => "LOGIN_ERROR", _ => "CLIENT_LOGIN_ERROR" };
}
