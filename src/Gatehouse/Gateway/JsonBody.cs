using Gatehouse.Wire.Text;
using Microsoft.Net.Http.Headers;

namespace Gatehouse.Gateway;

/// <summary>Reads a request's JSON body whole where the gate must know what it says: at most 256 KiB, in UTF-8, without Content-Encoding. All other bodies pass as streams.</summary>
internal static class JsonBody
{
    /// <summary>How long a body may take: whoever sends half of one holds memory.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>The bytes; null when they are too many, too slow, or not declared as plain JSON. With <paramref name="leave"/> they stay where they are, and the forwarder reads them again from the start.</summary>
    public static async Task<byte[]?> ReadAsync(HttpContext context, long? maxBody, bool leave, TimeProvider time, CancellationToken stop)
    {
        var request = context.Request;
        var most = Math.Min(Limits.Default.JsonBytes, maxBody ?? long.MaxValue);
        if (!IsPlainJson(request) || request.Headers.ContentEncoding is not ([] or ["identity"]) || request.ContentLength > most) return null;
        using var late = new CancellationTokenSource(Patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, stop, context.RequestAborted);
        try
        {
            return await BoundedBody.ReadAsync(request.BodyReader, most, leave, either.Token);
        }
        catch (Exception wrong) when (wrong is OperationCanceledException or BadHttpRequestException or IOException)
        {
            return null;
        }
    }

    // Read as UTF-8 here: another charset would let the upstream read another text out of the same bytes.
    private static bool IsPlainJson(HttpRequest request)
    {
        if (!request.HasJsonContentType() || !MediaTypeHeaderValue.TryParse(request.ContentType, out var type)) return false;
        var charsets = type.Parameters.Where(one => one.Name.Equals("charset", StringComparison.OrdinalIgnoreCase)).Select(one => one.GetUnescapedValue()).ToList();
        return charsets is [] || (charsets is [var only] && only.Equals("utf-8", StringComparison.OrdinalIgnoreCase));
    }
}
