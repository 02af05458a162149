using System.Buffers;
using System.Text;
using Microsoft.Extensions.Primitives;

namespace Gatehouse.Forwarding;

/// <summary>How the request's body is framed towards the upstream.</summary>
internal enum Framing
{
    None, Length, Chunked,
}

/// <summary>Writes a request head into one pooled buffer, so that it goes out in one send. What could break out of its line makes it <see cref="Bad"/>.</summary>
internal struct RequestHead(byte[] buffer)
{
    private static readonly SearchValues<byte> Forbidden = SearchValues.Create([.. Enumerable.Range(0, 32).Where(b => b != '\t').Select(b => (byte)b), 127]);

    private static readonly SearchValues<char> Token = SearchValues.Create("!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");

    private static readonly SearchValues<char> Visible = SearchValues.Create([.. Enumerable.Range(33, 94).Select(c => (char)c)]);

    /// <summary>The buffer; it may have been exchanged for a larger one.</summary>
    public byte[] Buffer { get; private set; } = buffer;

    /// <summary>Bytes written.</summary>
    public int Length { get; private set; }

    /// <summary>Something in it cannot be sent.</summary>
    public bool Bad { get; private set; }

    /// <summary>Writes the whole head.</summary>
    public void Write(HttpContext context, OutgoingRequest request, UpstreamPlan plan, Station station, in Exchange.Shape shape)
    {
        if (request.Method.Length == 0 || request.Method.AsSpan().ContainsAnyExcept(Token)) Bad = true;
        if (request.Target.Length == 0 || request.Target.AsSpan().ContainsAnyExcept(Visible)) Bad = true;
        if (!(request.Target.StartsWith('/') || (request.Target == "*" && request.Method == "OPTIONS"))) Bad = true;
        Text(shape.WebSocketKey is null ? request.Method : "GET");
        Bytes(" "u8);
        Text(request.Target);
        Bytes(" HTTP/1.1\r\n"u8);
        Line("Host"u8, plan.PassHost && request.Host.Length > 0 ? request.Host : station.Authority);
        var named = Named(context.Request.Headers.Connection);
        foreach (var (name, values) in context.Request.Headers)
        {
            if (request.Remove.Contains(name) || (named is not null && named.Contains(name))) continue;
            foreach (var value in values) Line(name, value ?? "");
        }

        Cookies(context.Request.Headers, request);
        Hop(context, shape);
        Line("X-Forwarded-For"u8, request.ClientAddress);
        Line("X-Forwarded-Proto"u8, request.Scheme);
        Line("X-Forwarded-Host"u8, request.Host);
        if (plan.SendForwarded) Line("Forwarded"u8, ForwardedOf(request));
        foreach (var (name, value) in request.Added) Line(name, value);
        Bytes("\r\n"u8);
    }

    private void Hop(HttpContext context, in Exchange.Shape shape)
    {
        switch (shape.Framing)
        {
            case Framing.Length:
                Bytes("Content-Length: "u8);
                Room(20);
                shape.Length.TryFormat(Buffer.AsSpan(Length), out var written, default, System.Globalization.CultureInfo.InvariantCulture);
                Length += written;
                Bytes("\r\n"u8);
                break;
            case Framing.Chunked:
                Bytes("Transfer-Encoding: chunked\r\n"u8);
                break;
        }

        if (shape.Expects) Bytes("Expect: 100-continue\r\n"u8);
        if (shape.WebSocketKey is { } key)
        {
            Bytes("Connection: Upgrade\r\nUpgrade: websocket\r\n"u8);
            Line("Sec-WebSocket-Key"u8, key);
        }
        else if (shape.Upgrade is { } upgrade)
        {
            Bytes("Connection: Upgrade\r\n"u8);
            Line("Upgrade"u8, upgrade);
        }
        else if (TakesTrailers(context.Request.Headers.TE))
        {
            Bytes("Connection: TE\r\nTE: trailers\r\n"u8);
        }
    }

    private static bool TakesTrailers(StringValues te)
    {
        foreach (var value in te)
        {
            if (value is not null && value.Split(',').Any(t => t.Trim().Equals("trailers", StringComparison.OrdinalIgnoreCase))) return true;
        }

        return false;
    }

    /// <summary>
    /// The headers that Connection names besides its own words: they end here (RFC 9110, 7.6.1). Kestrel shows a list that holds keep-alive as keep-alive alone; a header
    /// named beside it passes. That cannot lift a header of the gate's: those are removed and added whatever Connection says.
    /// </summary>
    private static HashSet<string>? Named(StringValues connection)
    {
        HashSet<string>? named = null;
        foreach (var value in connection)
        {
            if (value is null or "keep-alive" or "close" or "Upgrade" or "upgrade") continue;
            foreach (var option in value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
                (named ??= new HashSet<string>(StringComparer.OrdinalIgnoreCase)).Add(option);
        }

        return named;
    }

    private void Cookies(IHeaderDictionary headers, OutgoingRequest request)
    {
        if (request.CookieOf(headers) is { Length: > 0 } kept) Line("Cookie"u8, kept);
    }

    private static string ForwardedOf(OutgoingRequest request)
    {
        var node = request.ClientAddress.Contains(':') ? $"\"[{request.ClientAddress}]\"" : request.ClientAddress;
        return $"for={node};proto={request.Scheme};host=\"{request.Host.Replace("\\", "").Replace("\"", "")}\"";
    }

    private void Line(string name, string value)
    {
        if (name.Length == 0 || name.AsSpan().ContainsAnyExcept(Token)) Bad = true;
        Text(name);
        Value(value);
    }

    private void Line(ReadOnlySpan<byte> name, string value)
    {
        Bytes(name);
        Value(value);
    }

    private void Value(string value)
    {
        Bytes(": "u8);
        Text(value);
        Bytes("\r\n"u8);
    }

    private void Text(string text)
    {
        Room(text.Length * 3);
        var written = Encoding.UTF8.GetBytes(text, Buffer.AsSpan(Length));
        // Kestrel refuses line breaks in headers already; this is the last place where one could split the request.
        if (Buffer.AsSpan(Length, written).ContainsAny(Forbidden)) Bad = true;
        Length += written;
    }

    private void Bytes(ReadOnlySpan<byte> bytes)
    {
        Room(bytes.Length);
        bytes.CopyTo(Buffer.AsSpan(Length));
        Length += bytes.Length;
    }

    private void Room(int more)
    {
        if (Buffer.Length - Length >= more) return;
        var larger = ArrayPool<byte>.Shared.Rent(Math.Max(Buffer.Length * 2, Length + more));
        Buffer.AsSpan(0, Length).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(Buffer, clearArray: true);
        Buffer = larger;
    }
}
