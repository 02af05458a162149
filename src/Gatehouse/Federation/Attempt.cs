namespace Gatehouse.Federation;

/// <summary>A browser on its way to an upstream and back. Taken once: an answer that comes twice finds nothing.</summary>
public sealed record Attempt
{
    /// <summary>Unguessable id: <c>state</c>, <c>RelayState</c>.</summary>
    public required string Id { get; init; }

    /// <summary>Realm name.</summary>
    public required string Realm { get; init; }

    /// <summary>Alias of the upstream: an answer that comes to another's address is refused (mix-up, RFC 9207).</summary>
    public required string Alias { get; init; }

    /// <summary>Interaction that waits for it.</summary>
    public required string Interaction { get; init; }

    /// <summary>Keyed hash of the browser's nonce: only the browser that left may come back.</summary>
    public required string Browser { get; init; }

    /// <summary>Address to which the upstream sends the browser back.</summary>
    public required string ReturnAddress { get; init; }

    /// <summary>Name to fill in there.</summary>
    public string? LoginHint { get; init; }

    /// <summary>The person must prove anew who they are.</summary>
    public bool Fresh { get; init; }

    /// <summary>What the kind must remember: nonce, code verifier, request id.</summary>
    public Dictionary<string, string> Kept { get; init; } = [];

    /// <summary>When it is forgotten.</summary>
    public DateTimeOffset EndsAt { get; init; }
}
