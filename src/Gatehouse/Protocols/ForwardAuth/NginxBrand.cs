namespace Gatehouse.Protocols.ForwardAuth;

/// <summary>
/// nginx's <c>auth_request</c>. It sends all of the client's headers along, so what it adds can be told from what a client wrote only where a client cannot write: the address. So the request is named there,
/// <c>proxy_pass http://gatehouse/forward-auth/nginx$request_uri</c> with <c>proxy_method $request_method</c>; the usual X-Original-URI and X-Original-Method count where the settings say so.
/// </summary>
internal sealed class NginxBrand : Brand
{
    public override bool ShowsAll => true;

    public override Described Read(HttpContext context, string rest, ForwardAuthSettings settings)
    {
        if (rest.Length > 0) return Described.Of(context.Request.Method, rest);
        if (!settings.OriginalUri) return Described.Incomplete("the request in the address: proxy_pass http://…/forward-auth/nginx$request_uri and proxy_method $request_method");
        var headers = context.Request.Headers;
        return Described.One(headers, "X-Original-Method") is { } method && Described.One(headers, "X-Original-URI") is { } target
            ? Described.Of(method, target)
            : Described.Incomplete("X-Original-Method and X-Original-URI, once each");
    }

    // It knows 2xx, 401 and 403; of everything else it makes a 500. The true status stands in Gatehouse-Status, for its own error_page to read.
    public override void Bend(HttpResponse response) => response.StatusCode = response.StatusCode is 302 or 401 ? 401 : 403;
}
