using System.Net;
using Gatehouse.Wire.Text;

namespace Gatehouse.Terms;

/// <summary>
/// One request as the gate judges it: made once by Gateway/Asking (or from forwarded headers by ForwardAuth), then read by match, credentials, policy and forwarding alike.
/// </summary>
/// <param name="Method">HTTP method, upper-case.</param>
/// <param name="Path">The one canonical path.</param>
/// <param name="Query">Query string as sent, with its question mark, or empty.</param>
/// <param name="Scheme"><c>http</c> or <c>https</c>, as the client used it.</param>
/// <param name="Host">Host as the client named it.</param>
/// <param name="Address">Address of the client, through listed proxies only; null when unknown (Unix socket).</param>
/// <param name="Headers">The client's headers. Only Credentials/Finder may read credentials from them.</param>
/// <param name="At">When the request came in.</param>
public sealed record Ask(
    string Method,
    CanonicalPath Path,
    string Query,
    string Scheme,
    string Host,
    IPAddress? Address,
    IHeaderDictionary Headers,
    DateTimeOffset At);
