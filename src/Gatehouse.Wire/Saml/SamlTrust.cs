using System.Collections.Immutable;

namespace Gatehouse.Wire.Saml;

/// <summary>Which signatures of one partner are believed. Keys come from here only, never from the message.</summary>
/// <param name="Keys">The partner's keys: several while it rolls over.</param>
/// <param name="AllowSha1">Whether SHA-1 is believed all the same, for a partner that knows nothing else. Off unless somebody turned it on.</param>
public sealed record SamlTrust(ImmutableArray<SamlPublicKey> Keys, bool AllowSha1 = false)
{
    /// <summary>Trust in one key.</summary>
    public static SamlTrust In(params SamlPublicKey[] keys) => new([.. keys]);

    internal void Verify(SamlAlgorithm algorithm, ReadOnlySpan<byte> input, ReadOnlySpan<byte> signature)
    {
        foreach (var key in Keys)
            if (key.Verifies(algorithm, input, signature)) return;
        throw new SamlException(SamlError.BadSignature);
    }
}
