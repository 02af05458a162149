using System.Collections.Frozen;
using System.Security.Cryptography;

namespace Gatehouse.Portal;

/// <summary>The pages' static files, embedded. Addresses carry a content hash, so browsers keep them for a year and never show a stale one.</summary>
public sealed class Assets
{
    private const string Prefix = "assets/";
    private readonly FrozenDictionary<string, (byte[] Body, string Mark)> files;

    /// <summary>Reads the embedded files once.</summary>
    public Assets()
    {
        var assembly = typeof(Assets).Assembly;
        files = assembly.GetManifestResourceNames().Where(name => name.StartsWith(Prefix, StringComparison.Ordinal)).ToFrozenDictionary(name => name[Prefix.Length..], name =>
        {
            using var stream = assembly.GetManifestResourceStream(name)!;
            var body = new byte[stream.Length];
            stream.ReadExactly(body);
            return (body, Convert.ToHexStringLower(SHA256.HashData(body))[..16]);
        });
    }

    /// <summary>Address of a file with its content hash.</summary>
    public string AddressOf(string name) => $"/assets/{name}?v={files[name].Mark}";

    /// <summary>Sends a file.</summary>
    public async Task SendAsync(HttpContext context)
    {
        if (!files.TryGetValue((string)context.Request.RouteValues["name"]!, out var file))
        {
            context.Response.StatusCode = 404;
            return;
        }

        context.Response.ContentType = "text/css; charset=utf-8";
        context.Response.ContentLength = file.Body.Length;
        context.Response.Headers.CacheControl = "public, max-age=31536000, immutable";
        context.Response.Headers.XContentTypeOptions = "nosniff";
        await context.Response.Body.WriteAsync(file.Body, context.RequestAborted);
    }
}
