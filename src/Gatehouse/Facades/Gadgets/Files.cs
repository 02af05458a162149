using System.Collections.Frozen;
using System.Security.Cryptography;

namespace Gatehouse.Facades.Gadgets;

/// <summary>The desktop's and the frames' scripts and styles, embedded. Addresses carry a content hash.</summary>
internal sealed class Files
{
    private const string Prefix = "gadgets/";
    private readonly FrozenDictionary<string, (byte[] Body, string Mark)> files;

    public Files()
    {
        var assembly = typeof(Files).Assembly;
        files = assembly.GetManifestResourceNames().Where(name => name.StartsWith(Prefix, StringComparison.Ordinal)).ToFrozenDictionary(name => name[Prefix.Length..], name =>
        {
            using var stream = assembly.GetManifestResourceStream(name)!;
            var body = new byte[stream.Length];
            stream.ReadExactly(body);
            return (body, Convert.ToHexStringLower(SHA256.HashData(body))[..16]);
        });
    }

    /// <summary>Path of a file with its content hash.</summary>
    public string AddressOf(string name) => $"/gadgets/js/{name}?v={files[name].Mark}";

    /// <summary>Its text.</summary>
    public byte[] BodyOf(string name) => files[name].Body;

    public async Task SendAsync(HttpContext context)
    {
        var name = (string)context.Request.RouteValues["name"]!;
        if (!files.TryGetValue(name, out var file) || name.EndsWith(".json", StringComparison.Ordinal))
        {
            context.Response.StatusCode = 404;
            return;
        }

        var headers = context.Response.Headers;
        context.Response.ContentType = name.EndsWith(".css", StringComparison.Ordinal) ? "text/css; charset=utf-8" : "text/javascript; charset=utf-8";
        context.Response.ContentLength = file.Body.Length;
        headers.CacheControl = context.Request.Query.ContainsKey("v") ? "public, max-age=31536000, immutable" : "public, max-age=60";
        headers.XContentTypeOptions = "nosniff";
        // Gadgets' frames, and gadgets on hosts of their own, load them from origins of their own.
        headers["Cross-Origin-Resource-Policy"] = "cross-origin";
        headers.AccessControlAllowOrigin = "*";
        await context.Response.Body.WriteAsync(file.Body, context.RequestAborted);
    }
}
