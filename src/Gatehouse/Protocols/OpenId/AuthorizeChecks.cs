using System.Collections.Immutable;
using Gatehouse.Clients;
using Gatehouse.Tokens.Grants;
using Gatehouse.Wire.OAuth;

namespace Gatehouse.Protocols.OpenId;

/// <summary>
/// The checks of an authorization request as a matrix: rows are checks, in the order they run; columns are the endpoints that share them. Until the redirect address is checked, an error is shown to the person;
/// after it, the client hears of it. The table is the review sheet: read it beside RFC 6749 4.1, RFC 7636, RFC 9126, RFC 9700 and OpenID Connect Core 3.1.2.
/// </summary>
public sealed class AuthorizeChecks
{
    private const int Longest = 2048;
    private static readonly ImmutableHashSet<string> Prompts = ["none", "login", "consent", "select_account"];

    private readonly ClientStore clients;
    private readonly (Func<AuthorizeRequest, CancellationToken, ValueTask<OAuthError?>> Check, bool Authorize, bool Push)[] matrix;

    /// <summary>Lays out the matrix.</summary>
    public AuthorizeChecks(ClientStore clients)
    {
        this.clients = clients;
        matrix =
        [
            //  check                 authorize  push
            (ClientIsKnownAsync,      true,      false),
            (Now(ClientMayUseCodes),  true,      true),
            (Now(RedirectIsExact),    true,      true),
            (Now(StateIsSound),       true,      true),
            (Now(ModeIsKnown),        true,      true),
            (Now(NothingUnsupported), true,      true),
            (Now(TypeIsCode),         true,      true),
            (Now(PushedIfRequired),   true,      false),
            (Now(PkceIsS256),         true,      true),
            (Now(ScopesAreTheirs),    true,      true),
            (Now(PromptIsSound),      true,      true),
            (Now(MaxAgeIsSound),      true,      true),
            (Now(LengthsAreSound),    true,      true),
        ];
    }

    /// <summary>Runs the authorization endpoint's column; null when all passed.</summary>
    public ValueTask<OAuthError?> AuthorizeAsync(AuthorizeRequest request, CancellationToken stop) => RunAsync(request, row => row.Authorize, stop);

    /// <summary>Runs the PAR endpoint's column: the client is authenticated there already.</summary>
    public ValueTask<OAuthError?> PushAsync(AuthorizeRequest request, CancellationToken stop) => RunAsync(request, row => row.Push, stop);

    private async ValueTask<OAuthError?> RunAsync(AuthorizeRequest request, Func<(Func<AuthorizeRequest, CancellationToken, ValueTask<OAuthError?>> Check, bool Authorize, bool Push), bool> column, CancellationToken stop)
    {
        foreach (var row in matrix)
            if (column(row) && await row.Check(request, stop) is { } error) return error;
        return null;
    }

    private static Func<AuthorizeRequest, CancellationToken, ValueTask<OAuthError?>> Now(Func<AuthorizeRequest, OAuthError?> check) => (request, _) => ValueTask.FromResult(check(request));

    private async ValueTask<OAuthError?> ClientIsKnownAsync(AuthorizeRequest r, CancellationToken stop)
    {
        if (r.Parameters["client_id"] is not { } id) return OAuthError.InvalidRequest("Missing parameter: client_id");
        r.Client = await clients.FindByClientIdAsync(r.Realm.Name, id, stop);
        return r.Client is { Enabled: true } ? null : OAuthError.InvalidClient(r.Client is null ? "Client not found." : "The client is disabled.");
    }

    private static OAuthError? ClientMayUseCodes(AuthorizeRequest r) => r.Client!.StandardFlow ? null : OAuthError.UnauthorizedClient("The client may not use the authorization code flow.");

    private static OAuthError? RedirectIsExact(AuthorizeRequest r)
    {
        var asked = r.Parameters["redirect_uri"];
        if (asked is null) return OAuthError.InvalidRequest("Missing parameter: redirect_uri");
        if (asked.Length > Longest || asked.Any(c => c is <= ' ' or > '~')) return OAuthError.InvalidRequest("Invalid parameter: redirect_uri");
        foreach (var registered in r.Client!.RedirectUris)
        {
            if (!RedirectMatch.Is(registered, asked)) continue;
            r.RedirectUri = asked;
            return null;
        }

        return OAuthError.InvalidRequest("Invalid parameter: redirect_uri. It must be one of the client's registered addresses, character by character.");
    }

    private static OAuthError? StateIsSound(AuthorizeRequest r)
    {
        var state = r.Parameters["state"];
        if (state?.Length > Longest) return OAuthError.InvalidRequest("The parameter 'state' is too long.");
        r.State = state;
        return null;
    }

    private static OAuthError? ModeIsKnown(AuthorizeRequest r)
    {
        switch (r.Parameters["response_mode"])
        {
            case null: return null;
            case "query" or "fragment" or "form_post" when r.Parameters["response_mode"] is { } mode:
                r.ResponseMode = mode;
                return null;
            default: return OAuthError.InvalidRequest("Unsupported response_mode");
        }
    }

    private static OAuthError? NothingUnsupported(AuthorizeRequest r)
    {
        if (r.Parameters["request"] is not null) return new OAuthError("request_not_supported", "Request objects are not supported; push the request instead (RFC 9126).");
        return r.Parameters["request_uri"] is not null ? new OAuthError("request_uri_not_supported", "Only a pushed request_uri is supported (RFC 9126).") : null;
    }

    private static OAuthError? TypeIsCode(AuthorizeRequest r) => r.Parameters["response_type"] switch
    {
        "code" => null,
        null => OAuthError.InvalidRequest("Missing parameter: response_type"),
        _ => new OAuthError("unsupported_response_type", "Only response_type=code is supported; the implicit flow does not exist here (RFC 9700, 2.1.2)."),
    };

    private static OAuthError? PushedIfRequired(AuthorizeRequest r)
        => r.Client!.RequirePushed && !r.Pushed ? OAuthError.InvalidRequest("The client must push its authorization requests (RFC 9126, 5).") : null;

    private static OAuthError? PkceIsS256(AuthorizeRequest r)
    {
        if (r.Parameters["code_challenge"] is not { } challenge) return OAuthError.InvalidRequest("Missing parameter: code_challenge. PKCE is required (RFC 7636).");
        if (r.Parameters["code_challenge_method"] != "S256") return OAuthError.InvalidRequest("The parameter 'code_challenge_method' must be S256.");
        return Pkce.IsChallenge(challenge) ? null : OAuthError.InvalidRequest("The parameter 'code_challenge' is not a base64url SHA-256.");
    }

    private static OAuthError? ScopesAreTheirs(AuthorizeRequest r)
    {
        var (scopes, error) = ScopeChoice.Of(r.Client!, r.Parameters["scope"]);
        r.Scopes = scopes;
        return error;
    }

    private static OAuthError? PromptIsSound(AuthorizeRequest r)
    {
        r.Prompt = [.. (r.Parameters["prompt"] ?? "").Split(' ', StringSplitOptions.RemoveEmptyEntries)];
        if (r.Prompt.Any(one => !Prompts.Contains(one))) return OAuthError.InvalidRequest("The parameter 'prompt' has an unknown value.");
        return r.Prompt.Contains("none") && r.Prompt.Length > 1 ? OAuthError.InvalidRequest("prompt=none stands alone.") : null;
    }

    private static OAuthError? MaxAgeIsSound(AuthorizeRequest r)
    {
        if (r.Parameters["max_age"] is not { } text) return null;
        if (!long.TryParse(text, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var seconds)) return OAuthError.InvalidRequest("The parameter 'max_age' must be a number of seconds.");
        r.MaxAge = Math.Min(seconds, int.MaxValue);
        return null;
    }

    private static OAuthError? LengthsAreSound(AuthorizeRequest r)
    {
        foreach (var name in (string[])["nonce", "login_hint", "ui_locales", "acr_values"])
            if (r.Parameters[name]?.Length > Longest) return OAuthError.InvalidRequest($"The parameter '{name}' is too long.");
        return null;
    }
}
