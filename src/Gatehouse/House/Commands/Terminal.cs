using Spectre.Console;

namespace Gatehouse.House.Commands;

/// <summary>What a command reads from and writes to. Results go to the output, everything else to the error stream, so that results can be piped.</summary>
/// <param name="Input">Where secrets and tokens are read from.</param>
/// <param name="Output">Results.</param>
/// <param name="Error">Errors, notes and prompts.</param>
/// <param name="Interactive">Whether a person types: only then is anything asked.</param>
public sealed record Terminal(TextReader Input, TextWriter Output, TextWriter Error, bool Interactive)
{
    /// <summary>The process's own terminal.</summary>
    public static Terminal System => new(Console.In, Console.Out, Console.Error, !Console.IsInputRedirected && !Console.IsErrorRedirected);

    /// <summary>Writes a table: drawn for a person, plain columns when piped.</summary>
    public void Table(IReadOnlyList<string> heads, IEnumerable<IReadOnlyList<string?>> rows)
    {
        var table = new Table().Border(Interactive ? TableBorder.Rounded : TableBorder.None);
        foreach (var head in heads) table.AddColumn(new TableColumn(Markup.Escape(head)).NoWrap());
        foreach (var row in rows) table.AddRow(row.Select(cell => Markup.Escape(Printable(cell ?? ""))).ToArray());
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Output) });
        if (!Interactive) console.Profile.Width = 400;
        console.Write(table);
    }

    /// <summary>Text from the database or a token as it may be shown: control characters would steer the terminal.</summary>
    public static string Printable(string text) => string.Concat(text.Select(c => char.IsControl(c) ? '\uFFFD' : c));
}
