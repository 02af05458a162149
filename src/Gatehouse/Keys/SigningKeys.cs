using Gatehouse.Wire.Jose;

namespace Gatehouse.Keys;

/// <summary>Signing keys per realm and algorithm, rotated by announce, use, retire; sealed at rest, held in memory. Never asks the database on a look-up once loaded.</summary>
public sealed class SigningKeys
{
    /// <summary>The signer in use for a realm and algorithm; makes the first key when there is none.</summary>
    public ValueTask<JoseSigner> SignerAsync(string realm, string algorithm, CancellationToken stop) => throw new NotImplementedException();

    /// <summary>Every public key of the realm that may sign or has signed tokens still alive: what <c>certs</c> publishes.</summary>
    public ValueTask<JwkSet> PublishedAsync(string realm, CancellationToken stop) => throw new NotImplementedException();

    /// <summary>The verifier of a key id, from memory; null when the realm has no such key.</summary>
    public JoseVerifier? Verifier(string realm, string? keyId, string algorithm) => throw new NotImplementedException();

    /// <summary>Announces a new key, puts the announced one to use and retires those whose last token has expired.</summary>
    public Task RotateAsync(string realm, string algorithm, CancellationToken stop) => throw new NotImplementedException();

    /// <summary>All keys of a realm with their states, newest first; never the private part.</summary>
    public Task<IReadOnlyList<SigningKeyRow>> ListAsync(string realm, CancellationToken stop) => throw new NotImplementedException();
}

/// <summary>A signing key as operators see it.</summary>
/// <param name="KeyId">The <c>kid</c>.</param>
/// <param name="Algorithm">JOSE algorithm.</param>
/// <param name="State"><c>announced</c>, <c>active</c> or <c>retired</c>.</param>
/// <param name="CreatedAt">When it was made.</param>
public sealed record SigningKeyRow(string KeyId, string Algorithm, string State, DateTimeOffset CreatedAt);
