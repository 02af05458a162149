using Gatehouse.Credentials;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Gatehouse.Gateway;

/// <summary>
/// The credential that came last on one client connection. Kestrel hands over the very same string while a client repeats its Authorization header, so comparing the reference recognises it,
/// without copying or hashing a token on each request. What is found depends on that header alone: see <see cref="Finder"/>.
/// </summary>
public sealed class ConnectionMemo
{
    private static readonly object Key = new();

    private volatile Last? last;

    /// <summary>Gives every connection of a listener its memo. Set before the first request, since streams of HTTP/2 read it side by side.</summary>
    public static void Install(ListenOptions listen) => listen.Use(next => connection =>
    {
        connection.Items[Key] = new ConnectionMemo();
        return next(connection);
    });

    /// <summary>The memo of a request's connection; null where there is none, as in tests.</summary>
    public static ConnectionMemo? Of(HttpContext context)
        => context.Features.Get<IConnectionItemsFeature>() is { } feature && feature.Items.TryGetValue(Key, out var memo) ? (ConnectionMemo?)memo : null;

    /// <summary>What is known of this very header for this very service under these very rules; null when it is another, or no longer fresh.</summary>
    internal Last? Find(IHeaderDictionary headers, Service service, Ruleset rules, DateTimeOffset now)
    {
        var known = last;
        return known is not null && Finder.HeaderOf(headers) is { } header && known.Is(header) && ReferenceEquals(service, known.Service) && ReferenceEquals(rules, known.Rules) && known.Entry.Until > now && known.Entry.IsCurrent?.Invoke() != false
            ? known : null;
    }

    /// <summary>Remembers an accepted bearer token, or an accepted password: of that the string that the server holds itself, and only as long as it does.</summary>
    internal void Keep(IHeaderDictionary headers, Service service, Ruleset rules, Credential credential, VerificationCache.Entry entry)
    {
        if (credential is { Kind: CredentialKind.Bearer or CredentialKind.Basic, Place: CredentialPlace.Authorization } && entry.Principal is not null && Finder.HeaderOf(headers) is { } header)
            last = credential.Kind == CredentialKind.Bearer ? new Last(header, null, service, rules, credential, entry) : new Last(null, new WeakReference<string>(header), service, rules, credential, entry);
    }

    /// <summary>A header that was recognised.</summary>
    internal sealed record Last(string? Header, WeakReference<string>? Password, Service Service, Ruleset Rules, Credential Credential, VerificationCache.Entry Entry)
    {
        public bool Is(string header) => ReferenceEquals(header, Header) || (Password is not null && Password.TryGetTarget(out var password) && ReferenceEquals(header, password));
    }
}
