namespace Gatehouse.Federation.Kerberos;

/// <summary>What the library says of a ticket.</summary>
/// <param name="Words">In words, for the administrator.</param>
internal abstract record Acceptance(string Words)
{
    /// <summary>It is good.</summary>
    /// <param name="Principal">Whose it is.</param>
    /// <param name="Answer">What proves us to the client; empty when it did not ask.</param>
    /// <param name="AuthenticatedAt">When the person gave their password; null when unknown.</param>
    public sealed record Good(string Principal, byte[] Answer, DateTimeOffset? AuthenticatedAt) : Acceptance("accepted");

    /// <summary>It is not.</summary>
    /// <param name="Minor">Kerberos' own error.</param>
    /// <param name="Words">In words.</param>
    public sealed record Bad(uint Minor, string Words) : Acceptance(Words);

    /// <summary>Our side is not in order: no key, no library.</summary>
    /// <param name="Words">In words.</param>
    public sealed record Broken(string Words) : Acceptance(Words);
}
