using System.Collections.Immutable;

namespace Gatehouse.Tokens;

/// <summary>To what a token is cut that a gadget holds in place of the agent's own. Such a token counts only at the back ends that its <c>aud</c> names, and is traded for no other.</summary>
/// <param name="Id">Which gadget: the claim <c>gadget</c>.</param>
/// <param name="Roles">Realm roles that stay inside; none of the others do. The roles at its audiences stay.</param>
/// <param name="Life">How long it lives; never longer than the client's tokens do.</param>
public sealed record GadgetCut(string Id, ImmutableArray<string> Roles, TimeSpan Life)
{
    /// <summary>Life where nobody says another.</summary>
    public static readonly TimeSpan UsualLife = TimeSpan.FromMinutes(5);

    /// <summary>Whether a text may be a gadget's id: letters, digits, dots, hyphens and underscores, 64 at most. It stands in claims, in settings and in addresses.</summary>
    public static bool IsId(string text) => text.Length is > 0 and <= 64 && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_') && text[0] != '.';
}
