using System.ComponentModel;
using System.Diagnostics;

namespace Gatehouse.Keys;

/// <summary>Reads the root key from an external command, such as a vault's client: no shell, arguments as they stand, ten seconds at most.</summary>
internal static class RootCommand
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    public static string Read(IList<string> command)
    {
        var start = new ProcessStartInfo(command[0]) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardInput = true };
        foreach (var argument in command.Skip(1)) start.ArgumentList.Add(argument);
        try
        {
            using var process = Process.Start(start)!;
            process.StandardInput.Close();
            var text = process.StandardOutput.ReadToEndAsync();
            if (!process.WaitForExit(Patience))
            {
                process.Kill(entireProcessTree: true);
                throw new KeyFault($"The root key command '{command[0]}' took longer than {Patience.TotalSeconds:0} seconds.");
            }

            // What it printed is never shown: it may be half a key.
            if (process.ExitCode != 0) throw new KeyFault($"The root key command '{command[0]}' failed with exit code {process.ExitCode}.");
            return text.GetAwaiter().GetResult();
        }
        catch (Win32Exception wrong)
        {
            throw new KeyFault($"The root key command '{command[0]}' cannot be run: {wrong.Message}");
        }
    }
}
