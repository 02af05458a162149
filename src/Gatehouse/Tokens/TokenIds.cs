using System.Buffers.Text;
using System.Security.Cryptography;

namespace Gatehouse.Tokens;

/// <summary>The <c>jti</c> of access tokens: <c>family.random</c> where a refresh token stands behind them, so that one revocation ends every access token of a family; else random alone.</summary>
public static class TokenIds
{
    private const char Mark = '.';

    /// <summary>A new id, of a family when one is given.</summary>
    public static string New(string? family) => family is null ? Random(16) : $"{family}{Mark}{Random(9)}";

    /// <summary>A new family's id.</summary>
    public static string NewFamily() => Random(16);

    /// <summary>Family of a token id; null when it has none.</summary>
    public static string? FamilyOf(string tokenId) => tokenId.IndexOf(Mark) is > 0 and var at ? tokenId[..at] : null;

    private static string Random(int bytes)
    {
        Span<byte> random = stackalloc byte[bytes];
        RandomNumberGenerator.Fill(random);
        return Base64Url.EncodeToString(random);
    }
}
