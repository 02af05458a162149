namespace Gatehouse.House.Commands;

/// <summary>Asks a person before something is gone for good; a script must say --yes.</summary>
internal static class Asks
{
    public static bool Yes(Terminal terminal, string question)
    {
        if (!terminal.Interactive) return false;
        terminal.Error.Write($"{question} [y/N] ");
        return terminal.Input.ReadLine()?.Trim() is "y" or "Y" or "yes";
    }
}
