namespace Gatehouse.Terms;

/// <summary>Why something was refused: a stable code for programs, a title and a hint for people. The closed list is <see cref="Reasons"/>.</summary>
/// <param name="Code">Stable, lower-case, dotted: <c>token.expired</c>.</param>
/// <param name="Status">HTTP status that goes with it.</param>
/// <param name="Title">One short sentence, the same for every occurrence (RFC 9457, 3.1.4).</param>
/// <param name="Hint">How to mend it.</param>
public sealed record Reason(string Code, int Status, string Title, string Hint)
{
    /// <inheritdoc/>
    public override string ToString() => Code;
}
