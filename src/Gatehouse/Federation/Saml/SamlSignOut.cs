using System.Text.Json;
using Gatehouse.Wire.Saml;

namespace Gatehouse.Federation.Saml;

/// <summary>What single logout (Profiles, 4.4) needs of both its bindings: a message whose signature was believed. An unsigned one counts for nothing, since anybody can write it.</summary>
internal static class SamlSignOut
{
    /// <summary>The signed message of what a browser brought.</summary>
    public static (SamlElement? Message, SamlError Error) Read(Returned returned, SamlTrust trust)
    {
        if (returned.Form.TryGetValue("SAMLRequest", out var field))
            return !PostBinding.TryRead(field, out var root, out var wrong) ? (null, wrong) : SamlSignature.TryVerify(root, trust, out var signed, out wrong) ? (signed, SamlError.None) : (null, wrong);
        if (!RedirectBinding.TryRead(returned.RawQuery, out var binding, out var error)) return (null, error);
        if (!binding.IsRequest) return (null, SamlError.WrongMessage);
        error = binding.Verify(trust);
        return error == SamlError.None ? (binding.Message, error) : (null, error);
    }

    /// <summary>The name that a session keeps for its end there; null when it is none.</summary>
    public static SamlNameId? NameOf(string hint)
    {
        try
        {
            return JsonSerializer.Deserialize<SamlNameId>(hint);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
