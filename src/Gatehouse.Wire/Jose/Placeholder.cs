namespace Gatehouse.Wire.Jose;
/// <summary>Signs.</summary>
public sealed class JoseSigner { }
/// <summary>Verifies.</summary>
public sealed class JoseVerifier { }
/// <summary>A set of keys (RFC 7517, 5).</summary>
public sealed class JwkSet { }
