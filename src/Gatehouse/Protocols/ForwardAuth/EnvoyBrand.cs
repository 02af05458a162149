namespace Gatehouse.Protocols.ForwardAuth;

/// <summary>
/// Envoy's ext_authz over HTTP with <c>path_prefix: /forward-auth/envoy</c> (Istio, Contour and others over it): the client's own method, and its path behind the prefix, where no client can write. It shows the headers of its
/// <c>allowed_headers</c>, and takes headers out that <c>x-envoy-auth-headers-to-remove</c> names.
/// </summary>
internal sealed class EnvoyBrand : Brand
{
    public override bool ShowsAll => false;

    public override Described Read(HttpContext context, string rest, ForwardAuthSettings settings)
        => rest.Length > 0 ? Described.Of(context.Request.Method, rest) : Described.Incomplete("the request's path behind path_prefix: /forward-auth/envoy");

    public override void Clear(HttpResponse response, string names) => response.Headers["x-envoy-auth-headers-to-remove"] = names;
}
