using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Gatehouse.Wire.Text;

/// <summary>What makes tools read one line of an env file in two ways: Docker Compose, <c>docker run --env-file</c>, systemd and a shell agree on plain <c>NAME=value</c> alone.</summary>
[Flags]
public enum EnvTrouble
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>In quotes, which <c>docker run</c> and old Compose count as part of the value.</summary>
    Quoted = 1,

    /// <summary>White space beside the <c>=</c>, within an unquoted value or behind it.</summary>
    Space = 2,

    /// <summary>A comment behind the value, which some count as part of it.</summary>
    Comment = 4,

    /// <summary>A <c>$</c>, a backslash or a backtick where Compose or a shell would put something else in.</summary>
    Expanded = 8,

    /// <summary>The line ends with a carriage return, which a shell counts as part of the value.</summary>
    CarriageReturn = 16,

    /// <summary><c>export</c> before the name, which <c>docker run</c> does not know.</summary>
    Export = 32,

    /// <summary>No <c>=</c>: the value comes from the environment of whoever starts the container.</summary>
    Inherited = 64,

    /// <summary>Characters in the value that are not printable ASCII: look-alikes, invisible ones, control characters.</summary>
    Unprintable = 128,
}

/// <summary>One assignment of an env file. Its value may be a secret: <see cref="ToString"/> does not show it.</summary>
/// <param name="Name">Name of the variable.</param>
/// <param name="Value">Its value, quotes and comment taken off.</param>
/// <param name="Line">Line on which it begins, from 1.</param>
/// <param name="Trouble">What others may read in another way.</param>
public sealed record EnvEntry(string Name, string Value, int Line, EnvTrouble Trouble)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Name}=*** (line {Line})";
}

/// <summary>
/// An env file as Docker Compose reads it: <c>NAME=value</c> lines, comments, quotes over one line or more, <c>export</c>, any line ends. Nothing is expanded.
/// What cannot be read is told by its line and never repeated, since it may be a secret.
/// </summary>
public sealed class EnvFile
{
    /// <summary>Most bytes of a file.</summary>
    public const int Longest = 1024 * 1024;

    private EnvFile(IReadOnlyList<EnvEntry> entries, IReadOnlyList<int> unread) => (Entries, Unread) = (entries, unread);

    /// <summary>All assignments in their order, duplicates included.</summary>
    public IReadOnlyList<EnvEntry> Entries { get; }

    /// <summary>Lines, from 1, that are neither assignment nor comment.</summary>
    public IReadOnlyList<int> Unread { get; }

    /// <summary>What counts for a variable: the last assignment; null when there is none.</summary>
    public EnvEntry? Find(string name) => Entries.LastOrDefault(entry => entry.Name == name);

    /// <summary>Reads a file; false when it is too long, no UTF-8, or holds NUL.</summary>
    public static bool TryRead(ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out EnvFile? file)
    {
        file = null;
        if (bytes.Length > Longest || bytes.Contains((byte)0)) return false;
        if (bytes.StartsWith("\uFEFF"u8)) bytes = bytes[3..];
        if (!System.Text.Unicode.Utf8.IsValid(bytes)) return false;
        file = Read(Encoding.UTF8.GetString(bytes));
        return true;
    }

    private static EnvFile Read(string text)
    {
        var entries = new List<EnvEntry>();
        var unread = new List<int>();
        var (at, number) = (0, 1);
        while (at < text.Length)
        {
            var end = EndOfLine(text, at);
            var line = text.AsSpan(at, end - at);
            var next = Math.Min(end + 1, text.Length);
            var begun = number++;
            if (!IsBlank(line) && TryAssignment(line, out var name, out var value, out var trouble))
            {
                if (value > 0 && line[value..] is [var quote and ('"' or '\''), ..])
                {
                    if (Quoted.Find(text, at + value, out var closed) is { } inside)
                    {
                        end = EndOfLine(text, closed);
                        number += text.AsSpan(at + value, closed - at - value).Count('\n');
                        next = Math.Min(end + 1, text.Length);
                        trouble |= EnvTrouble.Quoted | Behind(text.AsSpan(closed + 1, end - closed - 1), out var sound) | (quote == '"' && inside.AsSpan().ContainsAny("$`\\") ? EnvTrouble.Expanded : EnvTrouble.None);
                        if (sound) entries.Add(new EnvEntry(name, quote == '"' ? Quoted.Unescape(inside) : inside, begun, trouble | Printable(inside)));
                        else unread.Add(begun);
                    }
                    else unread.Add(begun);
                }
                else entries.Add(Plain(name, value < 0 ? "" : line[value..], value > 0 && line[value - 1] != '=', begun, trouble));
            }
            else if (!IsBlank(line)) unread.Add(begun);

            at = next;
        }

        return new EnvFile(entries, unread);
    }

    private static int EndOfLine(string text, int at) => text.IndexOf('\n', at) is >= 0 and var end ? end : text.Length;

    private static bool IsBlank(ReadOnlySpan<char> line) => line.Trim(" \t\r") is [] or ['#', ..];

    // Name, and where the value begins (behind white space); -1 where there is no '='.
    private static bool TryAssignment(ReadOnlySpan<char> line, out string name, out int value, out EnvTrouble trouble)
    {
        (name, value, trouble) = ("", -1, line is [' ' or '\t', ..] ? EnvTrouble.Space : EnvTrouble.None);
        var equals = line.IndexOf('=');
        var left = (equals < 0 ? line : line[..equals]).TrimStart(" \t");
        if (left.StartsWith("export ") || left.StartsWith("export\t"))
        {
            left = left[7..].TrimStart(" \t");
            trouble |= EnvTrouble.Export;
        }

        var trimmed = left.TrimEnd(equals < 0 ? " \t\r" : " \t");
        if (trimmed.IsEmpty || char.IsAsciiDigit(trimmed[0]) || trimmed.IndexOfAnyExcept(NameLetters) >= 0) return false;
        name = trimmed.ToString();
        if (equals < 0)
        {
            trouble |= EnvTrouble.Inherited;
            return true;
        }

        var spaces = line[(equals + 1)..].IndexOfAnyExcept(' ', '\t');
        value = equals + 1 + Math.Max(0, spaces);
        if (trimmed.Length < left.Length || spaces > 0) trouble |= EnvTrouble.Space;
        return true;
    }

    private static EnvEntry Plain(string name, ReadOnlySpan<char> rest, bool spaced, int line, EnvTrouble trouble)
    {
        if (rest is [.., '\r'])
        {
            rest = rest[..^1];
            trouble |= EnvTrouble.CarriageReturn;
        }

        // A comment begins behind white space; a '#' within the value belongs to it.
        for (var i = 0; i < rest.Length; i++)
        {
            if (rest[i] != '#' || (i > 0 && rest[i - 1] is not (' ' or '\t'))) continue;
            if (i == 0 && !spaced) break;
            rest = rest[..i].TrimEnd(" \t");
            trouble |= EnvTrouble.Comment;
            break;
        }

        var value = rest.TrimEnd(" \t");
        if (value.Length < rest.Length || value.ContainsAny(" \t")) trouble |= EnvTrouble.Space;
        if (value.ContainsAny("$`\\")) trouble |= EnvTrouble.Expanded;
        if (value.ContainsAny("\"'")) trouble |= EnvTrouble.Quoted;
        return new EnvEntry(name, value.ToString(), line, trouble | Printable(value));
    }

    // Behind a closing quote only white space and a comment may follow.
    private static EnvTrouble Behind(ReadOnlySpan<char> rest, out bool sound)
    {
        var trouble = EnvTrouble.None;
        if (rest is [.., '\r'])
        {
            rest = rest[..^1];
            trouble = EnvTrouble.CarriageReturn;
        }

        var left = rest.TrimStart(" \t");
        sound = left.IsEmpty || (left[0] == '#' && left.Length < rest.Length);
        return trouble | (left.IsEmpty ? rest.IsEmpty ? EnvTrouble.None : EnvTrouble.Space : EnvTrouble.Comment);
    }

    private static EnvTrouble Printable(ReadOnlySpan<char> value) => value.IndexOfAnyExceptInRange(' ', '~') >= 0 ? EnvTrouble.Unprintable : EnvTrouble.None;

    private static readonly System.Buffers.SearchValues<char> NameLetters = System.Buffers.SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-");

    private static class Quoted
    {
        // What stands between the quote at 'open' and its end; null when it is never closed.
        public static string? Find(string text, int open, out int closed)
        {
            for (closed = open + 1; closed < text.Length; closed++)
            {
                if (text[closed] == text[open]) return text[(open + 1)..closed];
                if (text[closed] == '\\' && text[open] == '"') closed++;
            }

            return null;
        }

        public static string Unescape(string text)
        {
            if (!text.Contains('\\')) return text;
            var plain = new StringBuilder(text.Length);
            for (var i = 0; i < text.Length; i++)
            {
                if (text[i] != '\\' || i + 1 == text.Length)
                {
                    plain.Append(text[i]);
                    continue;
                }

                i++;
                _ = text[i] switch
                {
                    'n' => plain.Append('\n'),
                    'r' => plain.Append('\r'),
                    't' => plain.Append('\t'),
                    '"' or '\\' or '$' => plain.Append(text[i]),
                    var other => plain.Append('\\').Append(other),
                };
            }

            return plain.ToString();
        }
    }
}
