using System.Formats.Asn1;

namespace Gatehouse.Wire.Kerberos;

/// <summary>Writes the one answer of SPNEGO that a single leg needs (NegTokenResp, RFC 4178, 4.2.2).</summary>
public static class NegotiateWriting
{
    /// <summary>"Accepted", by the mechanism that the client likes best: then no checksum over the list of mechanisms is wanted (RFC 4178, 5).</summary>
    /// <param name="mechanism">Object identifier, as the client named it.</param>
    /// <param name="answer">The mechanism's own answer; empty for none.</param>
    public static byte[] Accepted(string mechanism, ReadOnlySpan<byte> answer)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence(Tag(1)))
        using (writer.PushSequence())
        {
            using (writer.PushSequence(Tag(0))) writer.WriteEncodedValue([0x0A, 1, 0]);
            using (writer.PushSequence(Tag(1))) writer.WriteObjectIdentifier(mechanism);
            if (answer.Length > 0)
            {
                using (writer.PushSequence(Tag(2))) writer.WriteOctetString(answer);
            }
        }

        return writer.Encode();
    }

    private static Asn1Tag Tag(int number) => new(TagClass.ContextSpecific, number, isConstructed: true);
}
