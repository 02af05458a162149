using Gatehouse.Clients;
using Gatehouse.Keys;
using Gatehouse.Wire.Saml;

namespace Gatehouse.Protocols.Saml;

/// <summary>An application that speaks SAML, with what its messages are checked by and how ours reach it.</summary>
internal sealed record Partner(Client Client, SamlApplication Settings)
{
    private static readonly TimeSpan Skew = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan MaxAge = TimeSpan.FromMinutes(10);

    /// <summary>The application of an entity ID; null when there is none, or it is off.</summary>
    public static async ValueTask<Partner?> FindAsync(ClientStore clients, string realm, string entityId, CancellationToken stop)
        => await clients.FindByClientIdAsync(realm, entityId, stop) is { Enabled: true, Saml: { } settings } client ? new Partner(client, settings) : null;

    /// <summary>None when the message is believed: signed by one of the application's keys, or unsigned where that is enough. A signature that is there must be right.</summary>
    public (SamlElement? Message, SamlError Error) Believe(Message message, bool mustBeSigned)
    {
        var trust = new SamlTrust([.. Settings.Certificates.Select(one => SamlPublicKey.TryRead(one, out var key, out _) ? key : null).OfType<SamlPublicKey>()]);
        try
        {
            if (!message.IsSigned) return mustBeSigned ? (null, SamlError.NotSigned) : (message.Root, SamlError.None);
            if (trust.Keys.IsEmpty) return mustBeSigned ? (null, SamlError.BadSignature) : (message.Root, SamlError.None);
            if (message.Redirect is not { } redirect) return SamlSignature.TryVerify(message.Root, trust, out var signed, out var wrong) ? (signed, SamlError.None) : (null, wrong);
            var error = redirect.Verify(trust);
            return error == SamlError.None ? (message.Root, error) : (null, error);
        }
        finally
        {
            foreach (var key in trust.Keys) key.Dispose();
        }
    }

    /// <summary>None when a request came to the right address just now. One that is not signed may leave the address out (Bindings, 3.4.5.2).</summary>
    public static SamlError Check(AuthnRequest request, bool isSigned, string ours, DateTimeOffset now)
        => (request.Destination is null && !isSigned ? request with { Destination = ours } : request).Check(ours, now, Skew, MaxAge);

    /// <summary>None when a wish to sign out is for us, of this application, and of now.</summary>
    public SamlError Check(LogoutRequest request, string ours, DateTimeOffset now) => request.Check(ours, Client.ClientId, now, Skew, MaxAge);

    /// <summary>Where the answer to a request goes: one of the registered addresses, exactly; null when it names another.</summary>
    public string? ConsumerOf(AuthnRequest? request) => request switch
    {
        { ProtocolBinding: not null and not SamlNames.PostBinding } => null,
        { AssertionConsumer: { } address } => Settings.Consumers.Contains(address) ? address : null,
        { AssertionConsumerIndex: { } index } => index >= 0 && index < Settings.Consumers.Length ? Settings.Consumers[index] : null,
        _ => Settings.Consumers[0],
    };
}

/// <summary>A SAML message as the browser brought it, not believed yet.</summary>
/// <param name="Root">The message.</param>
/// <param name="IsRequest">Whether it came as <c>SAMLRequest</c>.</param>
/// <param name="RelayState">Relay state.</param>
/// <param name="Redirect">The redirect binding it came by; null for POST.</param>
internal sealed record Message(SamlElement Root, bool IsRequest, string? RelayState, RedirectBinding? Redirect)
{
    /// <summary>Longest relay state that is given back; some send addresses in it, longer than the specification's 80 bytes.</summary>
    public const int LongestRelayState = 2048;

    /// <summary>Whether it claims a signature.</summary>
    public bool IsSigned => Redirect?.IsSigned ?? SamlSignature.IsPresent(Root);

    /// <summary>Reads what a request carries, by redirect or POST.</summary>
    public static async Task<(Message? Message, SamlError Error)> ReadAsync(HttpContext context)
    {
        if (HttpMethods.IsGet(context.Request.Method))
            return RedirectBinding.TryRead(context.Request.QueryString.Value, out var redirect, out var error) ? Bounded(new Message(redirect.Message, redirect.IsRequest, redirect.RelayState, redirect)) : (null, error);
        const int Most = 768 * 1024;
        if (context.Request.ContentLength > Most) return (null, SamlError.TooLarge);
        if (await SignIn.PageForm.ReadAsync(context, Most) is not { } form) return (null, SamlError.BadParameter);
        var (request, response) = (form["SAMLRequest"], form["SAMLResponse"]);
        if (request is null == response is null) return (null, SamlError.BadParameter);
        return PostBinding.TryRead(request ?? response, out var root, out var wrong) ? Bounded(new Message(root, request is not null, form["RelayState"], null)) : (null, wrong);
    }

    private static (Message?, SamlError) Bounded(Message message) => message.RelayState?.Length > LongestRelayState ? (null, SamlError.TooLarge) : (message, SamlError.None);

    /// <summary>Sends one of ours: signed, by redirect or POST.</summary>
    public static Task SendAsync(HttpContext context, string address, bool byPost, SamlElement message, bool isRequest, string? relayState, SamlKey key)
    {
        context.Response.Headers.CacheControl = "no-store";
        if (!byPost)
        {
            context.Response.StatusCode = 303;
            context.Response.Headers.Location = RedirectBinding.Write(address, message, isRequest, relayState, key.Key);
            return Task.CompletedTask;
        }

        if (!SamlSignature.IsPresent(message)) SamlSignature.Sign(message, key.Key);
        var fields = new List<(string, string)> { (isRequest ? "SAMLRequest" : "SAMLResponse", PostBinding.Write(message)) };
        if (relayState is not null) fields.Add(("RelayState", relayState));
        return SignIn.OnwardForm.SendAsync(context, address, fields);
    }
}
