namespace Gatehouse.Wire.Saml;

/// <summary>Carries a refusal out of nested readers to the public method that answers with it; never leaves this folder.</summary>
internal sealed class SamlException(SamlError error) : Exception(error.ToString())
{
    public SamlError Error { get; } = error;
}
