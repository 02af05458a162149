using System.Collections.Frozen;
using System.Text.RegularExpressions;
using Gatehouse.Tokens;
using Microsoft.Extensions.Options;

namespace Gatehouse.Facades.Gadgets;

/// <summary>
/// The files that gadgets take from the desktop's own host (<c>/desktop/assets/js/finesse.js</c>): the operator's, from the folder <c>facades:gadgets:assets</c>. They are listed at the start and found by their exact names alone, so no address leads out of the folder;
/// what is no script, style, font or picture is not among them, and none of them can act as a page of our origin.
/// </summary>
internal sealed partial class VendorFiles
{
    /// <summary>Where they answer: the parts of the vendor's <c>/desktop</c> that hold files.</summary>
    public static readonly IReadOnlyList<string> Places = ["/desktop/assets", "/desktop/thirdparty", "/desktop/js"];

    private const string Own = "/desktop/";
    private static readonly FrozenDictionary<string, string> Types = new Dictionary<string, string>
    {
        [".js"] = "text/javascript; charset=utf-8", [".css"] = "text/css; charset=utf-8", [".json"] = "application/json", [".map"] = "application/json", [".png"] = "image/png", [".gif"] = "image/gif", [".jpg"] = "image/jpeg", [".jpeg"] = "image/jpeg",
        [".svg"] = "image/svg+xml", [".ico"] = "image/x-icon", [".woff"] = "font/woff", [".woff2"] = "font/woff2", [".ttf"] = "font/ttf", [".otf"] = "font/otf", [".eot"] = "application/vnd.ms-fontobject",
    }.ToFrozenDictionary();

    private readonly FrozenDictionary<string, string> files;
    private readonly Issuers issuers;

    public VendorFiles(IOptions<GadgetsSettings> options, Issuers issuers)
    {
        this.issuers = issuers;
        var folder = options.Value.Assets;
        // A link would lead to where the operator did not look.
        var all = folder.Length == 0 ? [] : Directory.EnumerateFiles(folder, "*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.Hidden | FileAttributes.System | FileAttributes.ReparsePoint, MaxRecursionDepth = 16 });
        files = all.Where(file => Types.ContainsKey(Path.GetExtension(file))).Select(file => (Name: Own + Path.GetRelativePath(folder, file).Replace(Path.DirectorySeparatorChar, '/'), Path: Path.GetFullPath(file)))
            .Where(file => Places.Any(place => file.Name.StartsWith(place + '/', StringComparison.Ordinal))).ToFrozenDictionary(file => file.Name, file => file.Path, StringComparer.Ordinal);
    }

    /// <summary>Whether there are any.</summary>
    public bool Any => files.Count > 0;

    /// <summary>What a frame's policy names as their source; empty where there are none.</summary>
    public string Source => Any ? $" {issuers.PublicUrl}{Own}" : "";

    /// <summary>Leads a content's host-relative addresses of such files to us, as they would lead to the vendor's desktop; all others stay the specification's own.</summary>
    public string Lead(string content) => Any ? HostRelative().Replace(content, found => files.ContainsKey(found.Groups[2].Value) ? found.Groups[1].Value + issuers.PublicUrl + found.Groups[2].Value : found.Value) : content;

    public async Task SendAsync(HttpContext context)
    {
        if (!files.TryGetValue(context.Request.Path.Value ?? "", out var file) || !File.Exists(file))
        {
            context.Response.StatusCode = 404;
            return;
        }

        var headers = context.Response.Headers;
        context.Response.ContentType = Types[Path.GetExtension(file)];
        headers.CacheControl = "public, max-age=3600";
        headers.XContentTypeOptions = "nosniff";
        // Opened by itself, a picture that holds a script does nothing.
        headers.ContentSecurityPolicy = "default-src 'none'; sandbox";
        headers["Cross-Origin-Resource-Policy"] = "cross-origin";
        headers.AccessControlAllowOrigin = "*";
        await context.Response.SendFileAsync(file, context.RequestAborted);
    }

    [GeneratedRegex("""(\b(?:src|href)\s{0,8}=\s{0,8}["']?)(/desktop/[A-Za-z0-9_./-]{1,256})""", RegexOptions.IgnoreCase | RegexOptions.NonBacktracking)]
    private static partial Regex HostRelative();
}
