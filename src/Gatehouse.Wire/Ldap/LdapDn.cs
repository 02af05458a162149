using System.Text;

namespace Gatehouse.Wire.Ldap;

/// <summary>Distinguished names as text (RFC 4514).</summary>
public static class LdapDn
{
    /// <summary>Escapes a value for use in a name (RFC 4514, 2.4).</summary>
    public static string Escape(string value)
    {
        var made = new StringBuilder(value.Length + 8);
        for (var i = 0; i < value.Length; i++)
        {
            var c = value[i];
            if (c == '\0') made.Append("\\00");
            else if (c is '"' or '+' or ',' or ';' or '<' or '>' or '\\' or '=' || (c is ' ' or '#' && i == 0) || (c == ' ' && i == value.Length - 1)) made.Append('\\').Append(c);
            else made.Append(c);
        }

        return made.ToString();
    }

    /// <summary>The value of the first part of a name, such as <c>agents</c> of <c>cn=agents,ou=groups,dc=example</c>, unescaped; the whole text when it is no name.</summary>
    public static string FirstValue(string dn)
    {
        var equals = dn.IndexOf('=', StringComparison.Ordinal);
        if (equals <= 0) return dn;
        var bytes = new List<byte>();
        for (var i = equals + 1; i < dn.Length; i++)
        {
            var c = dn[i];
            if (c is ',' or '+') break;
            if (c != '\\' || i + 1 >= dn.Length)
            {
                bytes.AddRange(Encoding.UTF8.GetBytes(char.IsHighSurrogate(c) && i + 1 < dn.Length ? dn.Substring(i++, 2) : c.ToString()));
                continue;
            }

            if (i + 2 < dn.Length && char.IsAsciiHexDigit(dn[i + 1]) && char.IsAsciiHexDigit(dn[i + 2]))
            {
                bytes.Add(Convert.ToByte(dn.Substring(i + 1, 2), 16));
                i += 2;
            }
            else
            {
                bytes.AddRange(Encoding.UTF8.GetBytes(dn[i + 1].ToString()));
                i++;
            }
        }

        return Encoding.UTF8.GetString([.. bytes]).Trim();
    }

    /// <summary>Whether two names are the same, as far as can be told without the schema: without regard to case and to spaces after commas.</summary>
    public static bool AreSame(string a, string b) => Fold(a).Equals(Fold(b), StringComparison.OrdinalIgnoreCase);

    private static string Fold(string dn) => dn.Replace(", ", ",", StringComparison.Ordinal).Trim();
}
