namespace Gatehouse.SignIn;

/// <summary>Half of a link: the upstream's side is proven, the user's own is not yet.</summary>
/// <param name="Upstream">Alias.</param>
/// <param name="Identity">Whom it vouches for.</param>
/// <param name="Browser">Where that was proven: somebody else, lured to this page, must not link their own account to a stranger's identity.</param>
public sealed record PendingLink(string Upstream, Federation.UpstreamIdentity Identity, string? Browser)
{
    /// <summary>Whether a browser is the one where the upstream's side was proven.</summary>
    public bool IsOf(Origin origin) => Browser is not null && Browser == origin.Browser;
}

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

    /// <summary>Alias of the upstream to go to at once (<c>kc_idp_hint</c>).</summary>
    public string? UpstreamHint { get; init; }

    /// <summary>Extension at which the person is to sit, asked for after the sign-in; empty for whichever they name; null where nobody asks.</summary>
    public string? Seat { get; init; }

    /// <summary>User id of the person who is asked for their seat: nobody else is led to sit there.</summary>
    public string? SeatOf { get; init; }

    /// <summary>The browser was asked for a ticket; it is asked once.</summary>
    public bool TicketAsked { get; init; }

    /// <summary>A person whom an upstream vouches for, and whose user here still has to be proven; null when there is none.</summary>
    public PendingLink? Pending { get; init; }

    /// <summary>A person who has proven the password, and whose code is still missing; null when there is none.</summary>
    public HalfIn? Half { get; init; }

    /// <summary>When it was begun.</summary>
    public DateTimeOffset BegunAt { get; init; }

    /// <summary>When it is forgotten.</summary>
    public DateTimeOffset EndsAt { get; init; }

    /// <summary>Session that finished it; null while in progress.</summary>
    public string? Session { get; init; }
}
