namespace Gatehouse.Terms;

/// <summary>Every reason code of the program; docs/errors.md is made from this list. Codes never change their meaning.</summary>
public static class Reasons
{
    /// <summary>No route has this path.</summary>
    public static readonly Reason RouteUnknown = new("route.unknown", 404, "No such route.", "Check the path against the access file; an unlisted path is never forwarded.");

    /// <summary>The path has a spelling that could be read in two ways.</summary>
    public static readonly Reason PathAmbiguous = new("path.ambiguous", 400, "The path is spelled ambiguously.", "Send the path without dot segments, double slashes, encoded separators or control characters.");

    /// <summary>The route wants a credential and none was sent.</summary>
    public static readonly Reason CredentialMissing = new("credential.missing", 401, "No credential was sent.", "Send an access token as 'Authorization: Bearer …'.");

    /// <summary>Two credentials were sent.</summary>
    public static readonly Reason CredentialConflict = new("credential.conflict", 400, "More than one credential was sent.", "Send exactly one credential (RFC 6750, 2).");

    /// <summary>The credential is of a kind that this route does not accept.</summary>
    public static readonly Reason CredentialKind = new("credential.kind", 401, "This kind of credential does not count here.", "See the route's 'accept' list in the access file.");

    /// <summary>A token stands in the URL.</summary>
    public static readonly Reason CredentialInQuery = new("credential.in-query", 400, "A token in the URL does not count.", "Send it as 'Authorization: Bearer …'; take it as known to others, since URLs are logged, and revoke it.");

    /// <summary>A cookie, or a password that a browser remembered, came with a request that another site caused.</summary>
    public static readonly Reason CredentialCrossSite = new("credential.cross-site", 403, "The request came from another site.", "Call from a page of this site, or send an access token instead of the cookie or password.");

    /// <summary>User name and password cannot be read.</summary>
    public static readonly Reason CredentialUnreadable = new("credential.unreadable", 400, "The user name and password cannot be read.", "Send 'Authorization: Basic' with the Base64 of NAME:PASSWORD in UTF-8, without control characters (RFC 7617, 2).");

    /// <summary>User name or password is wrong, or the user may not sign in.</summary>
    public static readonly Reason CredentialPassword = new("credential.password", 401, "The user name or the password is wrong.", "Check both; the audit log says which it was.");

    /// <summary>Too many wrong passwords came.</summary>
    public static readonly Reason CredentialThrottled = new("credential.throttled", 429, "Too many wrong passwords were sent.", "Wait as long as Retry-After says, and look for a program that still sends an old password.");

    /// <summary>One network has begun more sign-ins than people behind it can mean.</summary>
    public static readonly Reason SignInCrowded = new("signin.crowded", 429, "Too many sign-ins were begun from this network.", "Wait as long as Retry-After says. Where more people share one address, raise signin:beginnings; behind a proxy, list it, so that each browser counts by its own address.");

    /// <summary>Somebody asks for a decision as a proxy and is not listed.</summary>
    public static readonly Reason ForwardProxy = new("forward.proxy", 403, "This proxy may not ask.", "List its address or network in the settings: protocols:forwardauth:proxies.");

    /// <summary>A proxy's description of a request cannot be judged.</summary>
    public static readonly Reason ForwardIncomplete = new("forward.incomplete", 403, "The proxy does not describe the request.", "Configure the proxy as docs/guides/behind-a-proxy.md shows.");

    /// <summary>A proxy asks about what only the gate can hold.</summary>
    public static readonly Reason ForwardGateOnly = new("forward.gate-only", 403, "Only the gate itself can let this pass.", "Let the proxy send this path to the gate instead of asking about it.");

    /// <summary>The token cannot be read.</summary>
    public static readonly Reason TokenMalformed = new("token.malformed", 401, "The token cannot be read.", "Send the token exactly as it was issued.");

    /// <summary>The token's life is over.</summary>
    public static readonly Reason TokenExpired = new("token.expired", 401, "The token has expired.", "Refresh it or sign in again; check the clocks if it was issued just now.");

    /// <summary>The token is not valid yet.</summary>
    public static readonly Reason TokenEarly = new("token.early", 401, "The token is not valid yet.", "Check the clocks of both hosts.");

    /// <summary>The signature does not match.</summary>
    public static readonly Reason TokenSignature = new("token.signature", 401, "The token's signature is wrong.", "Obtain a token from this realm's token endpoint.");

    /// <summary>The value is none of a shared secret's.</summary>
    public static readonly Reason TokenSecret = new("token.secret", 401, "The shared secret is wrong.", "Compare the env files of both components: 'gatehouse xivo check'. Better, use a service account.");

    /// <summary>The shared secret's last day is over.</summary>
    public static readonly Reason TokenSecretOver = new("token.secret-over", 401, "The shared secret counts no more.", "Its last day ('until' in the access file) is over: use a service account; 'gatehouse legacy report' proposes one.");

    /// <summary>The token was revoked, or its session ended.</summary>
    public static readonly Reason TokenRevoked = new("token.revoked", 401, "The token was revoked.", "Sign in again.");

    /// <summary>The token is from an issuer that does not count here.</summary>
    public static readonly Reason TokenIssuer = new("token.issuer", 401, "The token is from another issuer.", "See the issuers in the access file.");

    /// <summary>The token is meant for another audience.</summary>
    public static readonly Reason TokenAudience = new("token.audience", 401, "The token is meant for another audience.", "Request a token for this service.");

    /// <summary>The token was not made at the door that is to renew it.</summary>
    public static readonly Reason TokenDoor = new("token.door", 401, "The token was made elsewhere, or cut of another.", "A token is renewed where it was made. What was cut by token exchange is renewed nowhere: trade the whole one again.");

    /// <summary>The token was cut for a gadget, and this is not a back end of its.</summary>
    public static readonly Reason TokenGadget = new("token.gadget", 401, "The token is a gadget's.", "It counts only at the back ends that its 'aud' names, and is traded for no other token; here the agent's own is needed.");

    /// <summary>A gadget's request brings no security token, or one that counts no more.</summary>
    public static readonly Reason GadgetToken = new("gadget.token", 401, "The gadget's security token does not count.", "The desktop hands a new one to its gadgets with each renewal; reload the desktop, or sign in again.");

    /// <summary>A gadget asks for an address that its allow list does not have.</summary>
    public static readonly Reason GadgetTarget = new("gadget.target", 403, "The gadget may not call this address.", "List it under the gadget's 'targets' (facades:gadgets:list), as it is asked for: scheme, host, port and path.");

    /// <summary>The name of a listed address leads into this house.</summary>
    public static readonly Reason GadgetAddress = new("gadget.address", 403, "The address leads where gadgets may not go.", "The name resolves to an address of this machine or of a private network. Write the target as an address, or list the network under facades:gadgets:networks.");

    /// <summary>What a gadget's back end answered is a redirect.</summary>
    public static readonly Reason GadgetRedirect = new("gadget.redirect", 502, "The address redirects, which is not followed.", "Call, and list, the address to which it redirects.");

    /// <summary>A gadget sends a header that it may not set.</summary>
    public static readonly Reason GadgetHeader = new("gadget.header", 400, "The gadget may not send this header.", "Leave out what concerns the connection, cookies, and headers in which proxies say who somebody is.");

    /// <summary>A gadget sends a token of ours that is not its own.</summary>
    public static readonly Reason GadgetCredential = new("gadget.credential", 403, "The gadget sends a token that is not its own.", "Send the token of finesse.gadget.Config, in the Authorization header. The agent's own token leaves only by a gadget whose 'trust' is full.");

    /// <summary>A window that is not the gadget's, or not the desktop's, posted a message in their form.</summary>
    public static readonly Reason GadgetForged = new("gadget.forged", 403, "A message in the desktop's form came from a window that may not send it.", "Nothing was done with it. The audit log names the origin: a page or a gadget there imitates the desktop or another gadget.");

    /// <summary>A gadget's back end does not answer properly.</summary>
    public static readonly Reason GadgetUpstream = new("gadget.upstream", 502, "The address did not answer properly.", "It could not be reached, or its answer is larger than 1 MiB.");

    /// <summary>A gadget's back end is too slow.</summary>
    public static readonly Reason GadgetTimeout = new("gadget.timeout", 504, "The address took too long.", "Gadgets wait for 10 seconds at most.");

    /// <summary>The token is of another type, such as an ID token.</summary>
    public static readonly Reason TokenType = new("token.type", 401, "This is not an access token.", "Send the access token, not the ID token or refresh token.");

    /// <summary>The token's dialog is not known.</summary>
    public static readonly Reason DialogUnknown = new("dialog.unknown", 401, "The token's dialog is not known.", "Use the token of the dialog's newest event.");

    /// <summary>The token's dialog and its headroom are over.</summary>
    public static readonly Reason DialogOver = new("dialog.over", 401, "The dialog is over.", "Nothing works for this dialog any more; the project's headroom and hard limit say how long it does.");

    /// <summary>The dialog has ended, and this is not allowed after the end.</summary>
    public static readonly Reason DialogEnded = new("dialog.ended", 403, "The dialog has ended.", "After the end only what its project allows works, until the headroom is over.");

    /// <summary>The token was frozen.</summary>
    public static readonly Reason DialogFrozen = new("dialog.frozen", 401, "The token is frozen.", "It was used for another dialog, or frozen by an operator. The next event of the dialog brings one that works.");

    /// <summary>The token is for another dialog than the request.</summary>
    public static readonly Reason DialogOther = new("dialog.other", 403, "The token is for another dialog.", "Use each dialog's own token.");

    /// <summary>The route does not say where the dialog's id stands, so that no dialog token counts there.</summary>
    public static readonly Reason DialogUnbound = new("dialog.unbound", 403, "Dialog tokens do not count here.", "The rule in the access file must say where the dialog's id stands: 'dialog:'.");

    /// <summary>The place in which the dialog's id must stand cannot be read, or can be read in two ways.</summary>
    public static readonly Reason DialogUnreadable = new("dialog.unreadable", 400, "The dialog's id cannot be read from the request.", "Send it once, where the access file says; a body is a JSON object of at most 256 KiB, without Content-Encoding, no member twice.");

    /// <summary>The event's project is not known.</summary>
    public static readonly Reason DialogProject = new("dialog.project", 422, "The event's project is not known.", "Add it (gatehouse dialogs project NAME), or name another in the access file ('events:').");

    /// <summary>The dialog cannot be changed as asked.</summary>
    public static readonly Reason DialogConflict = new("dialog.conflict", 409, "The dialog is not in a state for this.", "See 'detail'.");

    /// <summary>The session is unknown or over.</summary>
    public static readonly Reason SessionEnded = new("session.ended", 401, "The session has ended.", "Sign in again.");

    /// <summary>The verifier could not be reached; says nothing about the credential.</summary>
    public static readonly Reason VerifierUnavailable = new("verifier.unavailable", 503, "The credential cannot be checked right now.", "Try again shortly; the issuer's keys or introspection cannot be reached.");

    /// <summary>The principal lacks what the rule asks for.</summary>
    public static readonly Reason RuleDenied = new("rule.denied", 403, "You may not do this.", "Ask an administrator for the role, group or permission that the rule names.");

    /// <summary>The token lacks a scope that the rule asks for.</summary>
    public static readonly Reason ScopeMissing = new("scope.missing", 403, "The token lacks a scope.", "Request a token with the scope that the challenge names.");

    /// <summary>Too many requests.</summary>
    public static readonly Reason RateExceeded = new("rate.exceeded", 429, "Too many requests.", "Wait as long as Retry-After says.");

    /// <summary>A request is not as it must be.</summary>
    public static readonly Reason RequestInvalid = new("request.invalid", 400, "The request is not valid.", "See 'detail'.");

    /// <summary>Plain HTTP was used where TLS is needed.</summary>
    public static readonly Reason TlsRequired = new("tls.required", 400, "This address needs TLS.", "Use https, or list the proxy that terminates it.");

    /// <summary>No upstream can take the request.</summary>
    public static readonly Reason UpstreamUnavailable = new("upstream.unavailable", 503, "The service is not available.", "Try again shortly; no address of the service is healthy.");

    /// <summary>The upstream could not be reached, or answered what is not HTTP.</summary>
    public static readonly Reason UpstreamFailed = new("upstream.failed", 502, "The service did not answer properly.", "Try again; the operator finds the cause in the log under the request id.");

    /// <summary>The upstream was too slow.</summary>
    public static readonly Reason UpstreamTimeout = new("upstream.timeout", 504, "The service took too long.", "Try again; the operator may raise the service's time-outs.");

    /// <summary>The thing asked for is not there.</summary>
    public static readonly Reason NotFound = new("resource.unknown", 404, "There is no such thing.", "Check the identifier.");

    /// <summary>The thing exists already.</summary>
    public static readonly Reason Conflict = new("resource.conflict", 409, "It exists already.", "Choose another name, or change the existing one.");

    /// <summary>A request's body is not JSON.</summary>
    public static readonly Reason RequestMedia = new("request.media", 415, "The body must be JSON.", "Send 'Content-Type: application/json'.");

    /// <summary>A request's body is too large.</summary>
    public static readonly Reason RequestLarge = new("request.large", 413, "The body is too large.", "Send less at once.");

    /// <summary>A request asks for something that is understood and not offered; accepting it silently would promise what is not kept.</summary>
    public static readonly Reason RequestUnsupported = new("request.unsupported", 400, "This is not offered.", "Leave the member out, or set it to the value that 'detail' names.");

    /// <summary>The principal lacks the administrative right.</summary>
    public static readonly Reason AdminDenied = new("admin.denied", 403, "You lack the right to administer this.", "Ask for the role of realm-management that 'detail' names.");

    /// <summary>An administrator tried to hand out, or to act on, more rights than their own.</summary>
    public static readonly Reason AdminBeyond = new("admin.beyond", 403, "This would reach beyond your own rights.", "Ask an administrator who holds the roles that 'detail' names.");

    /// <summary>A new password is too easy to guess.</summary>
    public static readonly Reason PasswordWeak = new("password.weak", 400, "The password is too easy to guess.", "Choose a longer one that is not the user name and not a common one.");

    /// <summary>The user's password lives in a directory that is read only here.</summary>
    public static readonly Reason PasswordElsewhere = new("password.elsewhere", 409, "The password lives in a directory.", "Change it there, or let the provider set passwords: writable=true.");

    /// <summary>The directory's own policy refuses the password.</summary>
    public static readonly Reason PasswordRefused = new("password.refused", 400, "The directory refuses the password.", "Choose one that the directory's password policy allows.");

    /// <summary>The directory does not let its service account set the password.</summary>
    public static readonly Reason PasswordNotSet = new("password.not-set", 409, "The directory did not set the password.", "See whether the service account (bindDn) may set passwords there, over TLS, and whether the entry is still there.");

    /// <summary>The directory cannot be asked.</summary>
    public static readonly Reason DirectoryUnavailable = new("directory.unavailable", 503, "The directory cannot be reached.", "Try again shortly; see: gatehouse providers test ALIAS.");

    /// <summary>The thing belongs to the program and cannot be changed.</summary>
    public static readonly Reason BuiltIn = new("resource.builtin", 403, "This is built in and stays as it is.", "Make one of your own instead.");

    /// <summary>Too much of the same work is waiting.</summary>
    public static readonly Reason Busy = new("server.busy", 503, "The server is busy.", "Try again in a few seconds; nothing was changed.");

    /// <summary>Something broke inside.</summary>
    public static readonly Reason Internal = new("internal", 500, "Something went wrong inside.", "The operator finds the cause in the log under the request id.");
}
