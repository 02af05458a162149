using Gatehouse.Terms;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Credentials;

/// <summary>Finds credentials in a request: the only place that reads Authorization. Pure: no cryptography, no I/O.</summary>
public static class Finder
{
    /// <summary>Bearer in Authorization (scheme in any case), or the session cookie of <paramref name="cookieRealm"/> when given.</summary>
    public static Found Find(IHeaderDictionary headers, string? cookieRealm, bool tls) => throw new NotImplementedException();

    /// <summary>Client authentication by HTTP Basic (RFC 6749, 2.3.1: both parts form-decoded). None, One with Kind Basic (Name = client id), or Conflict.</summary>
    public static Found FindClient(IHeaderDictionary headers) => throw new NotImplementedException();
}
