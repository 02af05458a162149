using System.Security.Cryptography;
using System.Text;

namespace Gatehouse.Terms;

/// <summary>A secret text that prints as nothing and compares in constant time. Take <see cref="Reveal"/> only where it goes on the wire or into a hash.</summary>
public sealed class Secret : IEquatable<Secret>
{
    private readonly string value;

    /// <summary>Wraps a secret text.</summary>
    public Secret(string value) => this.value = value ?? throw new ArgumentNullException(nameof(value));

    /// <summary>The secret itself.</summary>
    public string Reveal() => value;

    /// <summary>Constant-time comparison of the UTF-8 forms.</summary>
    public bool Equals(Secret? other)
        => other is not null && CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(value), Encoding.UTF8.GetBytes(other.value));

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as Secret);

    /// <summary>Always zero: a hash of a secret would leak into dictionaries and dumps.</summary>
    public override int GetHashCode() => 0;

    /// <summary>Never the secret.</summary>
    public override string ToString() => "***";
}
