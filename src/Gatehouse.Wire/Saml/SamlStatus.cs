namespace Gatehouse.Wire.Saml;

/// <summary>How a request went (Core, 3.2.2).</summary>
/// <param name="Code">Top-level code.</param>
/// <param name="Nested">Code below it, more exact; null when absent.</param>
/// <param name="Message">A sentence of the other side's, for its operator and ours: never for a page as it is.</param>
public sealed record SamlStatus(string Code, string? Nested = null, string? Message = null)
{
    /// <summary>All went well.</summary>
    public static readonly SamlStatus Ok = new(SamlNames.Success);

    /// <summary>Whether all went well.</summary>
    public bool IsSuccess => Code == SamlNames.Success;
}
