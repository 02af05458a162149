namespace Gatehouse.SignIn;

/// <summary>A sign-in in progress, stored so that each tab keeps its own state and ends where it started.</summary>
public sealed record Interaction
{
    /// <summary>Id: unguessable, in the address of the sign-in page.</summary>
    public required string Id { get; init; }

    /// <summary>Realm name.</summary>
    public required string Realm { get; init; }

    /// <summary>Client that asked, for the page's text; null for our own pages and the gate.</summary>
    public string? ClientId { get; init; }

    /// <summary>Name of that client for people.</summary>
    public string? ClientName { get; init; }

    /// <summary>Local path to which the browser goes when the sign-in (or sign-out) is done; where it ends with <c>?i=</c> the id follows. Its owner checks that the browser's session is <see cref="Session"/>.</summary>
    public required string ResumePath { get; init; }

    /// <summary>What the owner must remember (the checked authorization request, in JSON); opaque here.</summary>
    public string? Payload { get; init; }

    /// <summary>Name to fill in (<c>login_hint</c>).</summary>
    public string? LoginHint { get; init; }

    /// <summary>Languages asked for (<c>ui_locales</c>).</summary>
    public string? Locales { get; init; }

    /// <summary>The person must prove who they are even if a session exists (<c>prompt=login</c>, <c>max_age</c>).</summary>
    public bool Fresh { get; init; }

    /// <summary>When it was begun.</summary>
    public DateTimeOffset BegunAt { get; init; }

    /// <summary>When it is forgotten.</summary>
    public DateTimeOffset EndsAt { get; init; }

    /// <summary>Session that finished it; null while in progress.</summary>
    public string? Session { get; init; }
}
