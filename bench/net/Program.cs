// What the dialogs' bench does within .NET; bench/dialogs.mjs calls it.
using System.Globalization;
using Gatehouse.Bench;

switch (args)
{
    case ["tokens", var seconds, var rounds]:
        Tokens.Run(double.Parse(seconds, CultureInfo.InvariantCulture), int.Parse(rounds));
        return 0;
    case ["seed", var folder, var realm, var project, var count, var tokens, var file]:
        await Seed.RunAsync(folder, realm, project, int.Parse(count), int.Parse(tokens), file);
        return 0;
    case ["load", var folder]:
        await Seed.LoadAsync(folder);
        return 0;
    default:
        Console.Error.WriteLine("tokens SECONDS ROUNDS | seed FOLDER REALM PROJECT DIALOGS TOKENS FILE | load FOLDER");
        return 2;
}
