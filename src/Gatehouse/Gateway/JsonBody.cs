using System.Buffers;
using Gatehouse.Wire.Text;

namespace Gatehouse.Gateway;

/// <summary>Reads a request's JSON body whole where the gate must know what it says: at most 256 KiB, without Content-Encoding. All other bodies pass as streams.</summary>
internal static class JsonBody
{
    /// <summary>The bytes; null when they are too many, or not declared as plain JSON. With <paramref name="leave"/> they stay where they are, and the forwarder reads them again from the start.</summary>
    public static async Task<byte[]?> ReadAsync(HttpContext context, bool leave)
    {
        var request = context.Request;
        if (!request.HasJsonContentType() || request.Headers.ContentEncoding is not ([] or ["identity"]) || request.ContentLength > Limits.Default.JsonBytes) return null;
        var reader = request.BodyReader;
        while (true)
        {
            var read = await reader.ReadAsync(context.RequestAborted);
            if (!read.IsCompleted && read.Buffer.Length <= Limits.Default.JsonBytes)
            {
                reader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
                continue;
            }

            var body = read.Buffer.Length > Limits.Default.JsonBytes ? null : read.Buffer.ToArray();
            reader.AdvanceTo(leave ? read.Buffer.Start : read.Buffer.End);
            return body;
        }
    }
}
