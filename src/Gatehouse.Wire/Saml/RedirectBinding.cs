using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.IO.Compression;
using System.Text;
using Gatehouse.Wire.OAuth;

namespace Gatehouse.Wire.Saml;

/// <summary>A message that came by the HTTP-Redirect binding (Bindings, 3.4), read and not yet believed.</summary>
public sealed class RedirectBinding
{
    private const int Longest = 64 * 1024;
    private const int MostInflated = 256 * 1024;

    private readonly string? signatureMethod;
    private readonly string? signature;
    private readonly string signed;

    private RedirectBinding(SamlElement message, bool isRequest, string? relayState, string? signatureMethod, string? signature, string signed)
        => (Message, IsRequest, RelayState, this.signatureMethod, this.signature, this.signed) = (message, isRequest, relayState, signatureMethod, signature, signed);

    /// <summary>The message.</summary>
    public SamlElement Message { get; }

    /// <summary>Whether it came as <c>SAMLRequest</c>; otherwise as <c>SAMLResponse</c>.</summary>
    public bool IsRequest { get; }

    /// <summary>Relay state, decoded; null when absent.</summary>
    public string? RelayState { get; }

    /// <summary>Whether it claims a signature.</summary>
    public bool IsSigned => signature is not null;

    /// <summary>Reads a raw query, as it stood in the request line; a leading question mark is skipped. Parameters that are not the binding's are passed over. Never throws.</summary>
    public static bool TryRead(ReadOnlySpan<char> rawQuery, [NotNullWhen(true)] out RedirectBinding? binding, out SamlError error)
    {
        try
        {
            (binding, error) = (Read(rawQuery), SamlError.None);
            return true;
        }
        catch (SamlException refused)
        {
            (binding, error) = (null, refused.Error);
            return false;
        }
    }

    private static RedirectBinding Read(ReadOnlySpan<char> query)
    {
        if (query.Length > Longest) throw new SamlException(SamlError.TooLarge);
        if (query is ['?', ..]) query = query[1..];
        var raw = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var range in query.Split('&'))
        {
            var pair = query[range];
            var at = pair.IndexOf('=');
            var name = at < 0 ? pair : pair[..at];

            // A name that only decodes to ours would be read by others and not by us, or the other way round.
            if (!Parameters.TryDecode(name, out var decoded)) throw new SamlException(SamlError.BadParameter);
            if (decoded is not ("SAMLRequest" or "SAMLResponse" or "RelayState" or "SigAlg" or "Signature" or "SAMLEncoding")) continue;
            if (at < 0 || !name.SequenceEqual(decoded) || !raw.TryAdd(decoded, pair[(at + 1)..].ToString())) throw new SamlException(SamlError.BadParameter);
        }

        if (Value("SAMLEncoding") is { } encoding && encoding != SamlNames.Deflate) throw new SamlException(SamlError.UnsupportedAlgorithm);
        var (request, response) = (Value("SAMLRequest"), Value("SAMLResponse"));
        if (request is null == response is null) throw new SamlException(SamlError.BadParameter);
        var (method, signature) = (Value("SigAlg"), Value("Signature"));
        if (method is null != signature is null) throw new SamlException(SamlError.BadParameter);
        var message = SamlXml.Read(Inflate(SamlBase64.Decode(request ?? response!)), SamlLimits.Message);

        // What is signed are the octets as sent: another encoding of the same value has another signature (Bindings, 3.4.4.1).
        var name0 = request is null ? "SAMLResponse" : "SAMLRequest";
        var signed = new StringBuilder(name0).Append('=').Append(raw[name0]);
        if (raw.TryGetValue("RelayState", out var relay)) signed.Append("&RelayState=").Append(relay);
        if (method is not null) signed.Append("&SigAlg=").Append(raw["SigAlg"]);
        return new RedirectBinding(message, request is not null, Value("RelayState"), method, signature, signed.ToString());

        string? Value(string name) => !raw.TryGetValue(name, out var value) ? null : Parameters.TryDecode(value, out var decoded) ? decoded : throw new SamlException(SamlError.BadParameter);
    }

    /// <summary>None when the query's signature is one of the believed keys'; otherwise why not.</summary>
    public SamlError Verify(SamlTrust trust)
    {
        if (signature is null) return SamlError.NotSigned;
        try
        {
            trust.Verify(SamlAlgorithm.Find(signatureMethod, trust.AllowSha1), Encoding.ASCII.GetBytes(signed), SamlBase64.Decode(signature));
            return SamlError.None;
        }
        catch (SamlException refused)
        {
            return refused.Error;
        }
    }

    /// <summary>The address with the message in its query, signed when there is a key. The message itself must carry no signature (Bindings, 3.4.4.1).</summary>
    public static string Write(string destination, SamlElement message, bool isRequest, string? relayState = null, SamlPrivateKey? key = null)
    {
        if (SamlSignature.IsPresent(message)) throw new ArgumentException("A message of the redirect binding is signed in the query.", nameof(message));
        var query = new StringBuilder(isRequest ? "SAMLRequest=" : "SAMLResponse=").Append(Uri.EscapeDataString(Convert.ToBase64String(Deflate(message.ToBytes()))));
        if (relayState is not null) query.Append("&RelayState=").Append(Uri.EscapeDataString(relayState));
        if (key is not null)
        {
            query.Append("&SigAlg=").Append(Uri.EscapeDataString(key.Algorithm.Uri));
            var signature = key.Sign(Encoding.ASCII.GetBytes(query.ToString()));
            query.Append("&Signature=").Append(Uri.EscapeDataString(Convert.ToBase64String(signature)));
        }

        return $"{destination}{(destination.Contains('?', StringComparison.Ordinal) ? '&' : '?')}{query}";
    }

    private static byte[] Deflate(byte[] bytes)
    {
        using var target = new MemoryStream();
        using (var stream = new DeflateStream(target, CompressionLevel.Optimal)) stream.Write(bytes);
        return target.ToArray();
    }

    // DEFLATE packs a thousand to one: what comes out is bounded while it comes, and a ratio that no message has ends it early.
    private static byte[] Inflate(byte[] bytes)
    {
        var most = Math.Min(MostInflated, 16 * 1024 + 64 * bytes.Length);
        var buffer = ArrayPool<byte>.Shared.Rent(most + 1);
        try
        {
            using var stream = new DeflateStream(new MemoryStream(bytes), CompressionMode.Decompress);
            var length = stream.ReadAtLeast(buffer.AsSpan(0, most + 1), most + 1, throwOnEndOfStream: false);
            if (length > most) throw new SamlException(SamlError.TooLarge);
            return length > 0 ? buffer[..length] : throw new SamlException(SamlError.BadDeflate);
        }
        catch (InvalidDataException)
        {
            throw new SamlException(SamlError.BadDeflate);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
