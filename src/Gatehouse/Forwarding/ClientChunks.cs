using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using System.Text;

namespace Gatehouse.Forwarding;

/// <summary>
/// Writes a chunked response's data and trailers to the client. Kestrel frames the body itself and has trailers for HTTP/2 only; so a response over HTTP/1.1 that announces
/// trailers is framed here, and others leave their trailers behind, which RFC 9110, 6.5.1 allows.
/// </summary>
internal readonly struct ClientChunks
{
    private readonly HttpResponse _response;
    private readonly bool _own;

    /// <summary>Decides how, before the head goes out.</summary>
    public ClientChunks(HttpContext context)
    {
        _response = context.Response;
        _own = context.Request.Protocol == HttpProtocol.Http11 && _response.Headers.ContainsKey("Trailer");
        if (_own) _response.Headers.TransferEncoding = "chunked";
    }

    /// <summary>Writes some of the body.</summary>
    public void Write(PipeWriter output, ReadOnlySpan<byte> data)
    {
        if (_own)
        {
            var size = output.GetSpan(10);
            data.Length.TryFormat(size, out var digits, "x", CultureInfo.InvariantCulture);
            "\r\n"u8.CopyTo(size[digits..]);
            output.Advance(digits + 2);
        }

        output.Write(data);
        if (_own) output.Write("\r\n"u8);
    }

    /// <summary>Writes what follows the body.</summary>
    public void End(PipeWriter output, IReadOnlyList<HeaderLine> trailers)
    {
        if (_own)
        {
            var text = new StringBuilder("0\r\n");
            foreach (var (name, value) in trailers)
            {
                if (Trailer.MayPass(name)) text.Append(name).Append(": ").Append(value).Append("\r\n");
            }

            output.Write(Encoding.Latin1.GetBytes(text.Append("\r\n").ToString()));
        }
        else if (trailers.Count > 0 && _response.SupportsTrailers())
        {
            foreach (var (name, value) in trailers)
            {
                if (Trailer.MayPass(name)) _response.AppendTrailer(name, value);
            }
        }
    }
}
