using System.Collections.Immutable;
using Gatehouse.Clients;
using Gatehouse.Terms;
using Gatehouse.Wire.OAuth;

namespace Gatehouse.Protocols.OpenId;

/// <summary>An authorization request while it is being checked: each check fills in what it found.</summary>
public sealed class AuthorizeRequest(Realm realm, Parameters parameters)
{
    /// <summary>Realm of the address.</summary>
    public Realm Realm { get; } = realm;

    /// <summary>Parameters as sent, or as pushed before.</summary>
    public Parameters Parameters { get; } = parameters;

    /// <summary>Whether they were pushed (RFC 9126).</summary>
    public bool Pushed { get; init; }

    /// <summary>The client.</summary>
    public Client? Client { get; set; }

    /// <summary>The checked redirect address; null until its check passed: before that, no error may be redirected.</summary>
    public string? RedirectUri { get; set; }

    /// <summary><c>query</c>, <c>fragment</c> or <c>form_post</c>.</summary>
    public string ResponseMode { get; set; } = "query";

    /// <summary>The client's state, returned as it came.</summary>
    public string? State { get; set; }

    /// <summary>Granted scopes.</summary>
    public ImmutableArray<string> Scopes { get; set; } = [];

    /// <summary>Prompt values.</summary>
    public ImmutableArray<string> Prompt { get; set; } = [];

    /// <summary>Longest age of the authentication, seconds.</summary>
    public long? MaxAge { get; set; }
}
