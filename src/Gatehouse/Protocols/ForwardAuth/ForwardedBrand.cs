namespace Gatehouse.Protocols.ForwardAuth;

/// <summary>
/// Traefik's forwardAuth, Caddy's forward_auth and APISIX's forward-auth: X-Forwarded-Method, -Uri, -Host, -Proto and -For, which they set themselves over whatever a client wrote there. Traefik and Caddy show all of the
/// client's headers; APISIX those in its <c>request_headers</c>. All three give a refusal on to the client as it is.
/// </summary>
internal sealed class ForwardedBrand(bool showsAll) : Brand
{
    public override bool ShowsAll => showsAll;

    public override Described Read(HttpContext context, string rest, ForwardAuthSettings settings)
    {
        var headers = context.Request.Headers;
        // What follows the name in the address would be a second description.
        if (rest.Length > 0) return Described.Incomplete("an address that ends after the proxy's name");
        return Described.One(headers, "X-Forwarded-Method") is { } method && Described.One(headers, "X-Forwarded-Uri") is { } target
            ? Described.Of(method, target)
            : Described.Incomplete("X-Forwarded-Method and X-Forwarded-Uri, once each");
    }
}
