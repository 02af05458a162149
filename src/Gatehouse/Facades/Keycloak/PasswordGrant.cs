using System.Net;
using Gatehouse.Clients;
using Gatehouse.SignIn;
using Gatehouse.SignIn.OneTime;
using Gatehouse.Terms;
using Gatehouse.Tokens.Grants;
using Gatehouse.Wire.OAuth;
using Microsoft.Extensions.Options;

namespace Gatehouse.Facades.Keycloak;

/// <summary>
/// The password grant (RFC 6749, 4.3), which OAuth 2.1 has given up: only for confidential clients that the settings name, each until its last day. Throttled, audited and bound to a session as the sign-in page is; refusals in Keycloak's words.
/// </summary>
public sealed class PasswordGrant(IOptions<KeycloakSettings> options, Direct direct, HandedOver handedOver, SecondFactor second, TimeProvider time) : IGrant, INamesPasswordClients
{
    private static readonly OAuthError WrongPassword = new("invalid_grant", "Invalid user credentials", 401);

    /// <inheritdoc/>
    public string Type => GrantNames.Password;

    /// <inheritdoc/>
    public bool Names(string realm, string clientId) => Find(realm, clientId) is not null;

    /// <inheritdoc/>
    public bool HandsOver(string realm, string clientId) => Find(realm, clientId) is { HandOver: true } named && named.Ends > time.GetUtcNow();

    // Whoever is not named is told so below, in Keycloak's words.
    /// <inheritdoc/>
    public bool IsAllowed(Client client) => true;

    /// <inheritdoc/>
    public async Task<GrantResult> AuthorizeAsync(GrantRequest request, CancellationToken stop)
    {
        var client = request.Client;
        if (Find(request.Realm.Name, client.ClientId) is not { } named || client.Public || !client.DirectGrants) return new GrantResult.Refused(OAuthError.UnauthorizedClient("Client not allowed for direct access grants"));
        var ends = named.Ends!.Value;
        if (ends <= time.GetUtcNow())
            return new GrantResult.Refused(OAuthError.UnauthorizedClient($"Posting passwords ended for this client with {named.Until} (facades:keycloak:passwordClients). Use the authorization code flow, or token exchange.")) { Sunset = ends };
        return await TryAsync(request, stop) with { Sunset = ends };
    }

    private async Task<GrantResult> TryAsync(GrantRequest request, CancellationToken stop)
    {
        var (client, parameters) = (request.Client, request.Parameters);
        if (parameters["username"] is not { } username) return Refuse(OAuthError.InvalidRequest("Missing parameter: username"));
        if (parameters["password"] is not { } password) return Refuse(WrongPassword);
        var (scopes, error) = ScopeChoice.Of(client, parameters["scope"]);
        if (error is not null) return Refuse(error);
        if (scopes.Contains("offline_access")) return Refuse(OAuthError.InvalidScope("What a posted password gives ends with its session: 'offline_access' is not offered."));
        var origin = new Origin(request.Address, Guard.NetworkOf(IPAddress.TryParse(request.Address, out var address) ? address : null), null, null);

        // Who confirmed a second factor shows its code, as at Keycloak; else this would be the way around it. Keycloak's clients call it so, newer ones and older.
        var code = parameters["otp"] ?? parameters["totp"];
        var rules = new EntryRules(client.ClientId, [], _ => null, _ => client.AccessTokenLife ?? request.Realm.AccessTokenLife);
        rules = rules with
        {
            AsksSecondFactor = true, IsSilent = true, Codes = [OneTimeFault.Wanted, OneTimeFault.Wrong, OneTimeFault.Wait, OneTimeFault.None],
            BarAlso = async (user, stop) => !await second.IsConfirmedAsync(user, stop) ? null : code is null ? OneTimeFault.Wanted : await second.CheckAsync(user, code, origin with { Rules = rules }, stop),
        };
        var outcome = HandsOver(request.Realm.Name, client.ClientId) ? await handedOver.TryAsync(request.Realm, client, rules, username, new Secret(password), origin, stop) : null;
        return (outcome ?? await direct.PasswordAsync(request.Realm, client, rules, username, new Secret(password), origin, stop)) switch
        {
            DirectOutcome.In arrived => new GrantResult.Granted(arrived.Authorization with { Client = client, Scopes = scopes, WithRefresh = true }),
            DirectOutcome.Wait wait => Told(new OAuthError("invalid_grant", $"Too many wrong passwords. Try again in {Math.Ceiling(wait.For.TotalSeconds)} seconds.", 429)),
            DirectOutcome.Unavailable => Told(new OAuthError("temporarily_unavailable", "The password cannot be checked right now. Try again shortly.", 503)),
            _ => Told(WrongPassword),
        };
    }

    private PasswordClient? Find(string realm, string clientId) => options.Value.PasswordClients.FirstOrDefault(one => one.Realm == realm && one.Client == clientId);

    private static GrantResult.Refused Told(OAuthError error) => new(error) { Audited = true };

    private static GrantResult.Refused Refuse(OAuthError error) => new(error);
}
