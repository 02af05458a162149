using System.Diagnostics.CodeAnalysis;

namespace Gatehouse.Wire.Saml;

/// <summary>The HTTP-POST binding (Bindings, 3.5): the message is Base64 in a form field.</summary>
public static class PostBinding
{
    /// <summary>Most bytes of <c>RelayState</c> (Bindings, 3.5.3).</summary>
    public const int RelayStateBytes = 80;

    /// <summary>Reads the field's value, already form-decoded; never throws.</summary>
    public static bool TryRead(ReadOnlySpan<char> field, [NotNullWhen(true)] out SamlElement? message, out SamlError error)
    {
        (message, error) = (null, SamlError.TooLarge);
        if (field.Length > SamlLimits.Message.Bytes / 3 * 4 + 4096) return false;
        error = SamlError.BadBase64;
        return SamlBase64.TryDecode(field, out var bytes) && SamlXml.TryRead(bytes, SamlLimits.Message, out message, out error);
    }

    /// <summary>The field's value.</summary>
    public static string Write(SamlElement message) => Convert.ToBase64String(message.ToBytes());
}
