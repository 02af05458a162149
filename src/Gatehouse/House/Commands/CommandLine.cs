using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;

namespace Gatehouse.House.Commands;

/// <summary>The command line: every command in one list. Exit codes: 0 done, 1 refused or not found, 2 wrong usage.</summary>
public static class CommandLine
{
    /// <summary>The command did what it was told.</summary>
    public const int Done = 0;

    /// <summary>The command was understood, and refused or found nothing.</summary>
    public const int Refused = 1;

    /// <summary>The command was not understood.</summary>
    public const int Usage = 2;

    internal static readonly IReadOnlyList<string> Examples =
    [
        "gatehouse serve --demo                        try everything on this machine",
        "gatehouse serve --data /var/lib/gatehouse     serve for real",
        "gatehouse users --help                        every command has examples",
    ];

    /// <summary>Runs a command line; returns the exit code.</summary>
    public static async Task<int> RunAsync(IReadOnlyList<string> args, Terminal terminal, CancellationToken stop = default)
    {
        if (args.Count == 0)
        {
            await RunAsync(["--help"], terminal, stop);
            return Usage;
        }

        var parsed = Build(terminal).Parse(args);
        var setup = new InvocationConfiguration { Output = terminal.Output, Error = terminal.Error, EnableDefaultExceptionHandler = false };
        // The host hears signals itself, and drains: the parser's own time-out would end the program two seconds after one, in the middle of requests.
        if (parsed.CommandResult.Command.Name == ServeCommand.Name) setup.ProcessTerminationTimeout = null;
        if (parsed.Action is ParseErrorAction)
        {
            foreach (var error in parsed.Errors) await terminal.Error.WriteLineAsync(error.Message);
            await terminal.Error.WriteLineAsync($"See: {Path(parsed.CommandResult)} --help");
            return Usage;
        }

        try
        {
            return await parsed.InvokeAsync(setup, stop);
        }
        catch (StartRefused refused)
        {
            await terminal.Error.WriteLineAsync(refused.Message);
            return Refused;
        }
        catch (OperationCanceledException)
        {
            return Refused;
        }
    }

    private static string Path(CommandResult result) => result.Parent is CommandResult above ? $"{Path(above)} {result.Command.Name}" : "gatehouse";

    private static RootCommand Build(Terminal terminal)
    {
        var root = new RootCommand("Gatehouse: sign-in, tokens and the gate in front of a contact centre's APIs.")
        {
            ServeCommand.Build(terminal),
            GateCommands.Check(terminal),
            GateCommands.Explain(terminal),
            GateCommands.Test(terminal),
            TokenCommands.Build(terminal),
            RealmCommands.Build(terminal),
            UserCommands.Build(terminal),
            ClientCommands.Build(terminal),
            GroupCommands.Build(terminal),
            RoleCommands.Build(terminal),
            KeyCommands.Build(terminal),
            ProviderCommands.Build(terminal),
            DialogCommands.Build(terminal),
            AuditCommands.Build(terminal),
            ObserveCommands.Build(terminal),
            XivoCommands.Build(terminal),
            LegacyCommands.Build(terminal),
            GadgetCommands.Build(terminal),
            ApisixCommand.Build(terminal),
        };
        var help = root.Options.OfType<HelpOption>().Single();
        help.Action = new HelpWithExamples((HelpAction)help.Action!);
        return root;
    }
}
