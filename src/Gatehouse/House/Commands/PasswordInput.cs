using System.Security.Cryptography;
using Spectre.Console;

namespace Gatehouse.House.Commands;

/// <summary>Where a new password comes from: made here, typed twice, or the first line of the input. Never from an argument: the process list shows those.</summary>
internal static class PasswordInput
{
    // No look-alikes: generated passwords are read out on the telephone.
    private const string Letters = "abcdefghijkmnpqrstuvwxyz23456789";

    public static string Generate() => string.Join('-', Enumerable.Range(0, 4).Select(_ => RandomNumberGenerator.GetString(Letters, 5)));

    public static string Read(Terminal terminal)
    {
        if (!terminal.Interactive)
            return terminal.Input.ReadLine() is { Length: > 0 } line ? line : throw new StartRefused("No password came in. Pipe it to this command, or let one be made with --generate.");
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(terminal.Error) });
        var first = console.Prompt(new TextPrompt<string>("New password:").Secret(null));
        var again = console.Prompt(new TextPrompt<string>("Once more:").Secret(null));
        return first == again ? first : throw new StartRefused("The two differ; nothing was changed.");
    }
}
