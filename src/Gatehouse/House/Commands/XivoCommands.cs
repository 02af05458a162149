using System.CommandLine;
using System.Text.Json.Nodes;

namespace Gatehouse.House.Commands;

/// <summary><c>gatehouse xivo</c>: what helps beside a XiVO, without a data folder.</summary>
internal static class XivoCommands
{
    private const string Usual = "PLAY_AUTH_TOKEN";

    public static Verb Build(Terminal terminal) => DataVerb.Group(
        "xivo", "Help beside a XiVO installation.",
        ["gatehouse xivo check /etc/docker/xivo/custom.env /etc/docker/compose/custom.env"],
        Check(terminal));

    private static Verb Check(Terminal terminal)
    {
        var files = new Argument<string[]>("FILES") { Description = "The custom.env files of all components.", Arity = ArgumentArity.OneOrMore };
        var variable = new Option<string>("--variable") { Description = "Which variable to compare.", HelpName = "NAME", DefaultValueFactory = _ => Usual };
        var json = new Option<bool>("--json") { Description = "Answer in JSON." };
        variable.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<string>() is not { Length: > 0 } name || !name.All(c => char.IsAsciiLetterOrDigit(c) || c == '_')) result.AddError("--variable is the name of a variable, such as PLAY_AUTH_TOKEN.");
        });
        var command = new Verb(
            "check",
            "Tells whether the env files of all components hold the same shared secret (PLAY_AUTH_TOKEN), which differ or lack it, and what is wrong with it. The secret itself is never shown: files with the same value share a letter. Exit code 0 when all hold the same, 1 when not.",
            "gatehouse xivo check /etc/docker/xivo/custom.env /etc/docker/mds/custom.env /etc/docker/compose/custom.env",
            "gatehouse xivo check --variable XIVO_HOST /etc/docker/*/custom.env",
            "gatehouse xivo check old/custom.env new/custom.env --json") { files, variable, json };
        command.SetAction(parsed =>
        {
            var found = SharedValue.Compare(parsed.GetValue(files)!, parsed.GetValue(variable)!);
            if (parsed.GetValue(json)) terminal.Output.WriteLine(Json(found, parsed.GetValue(variable)!).ToJsonString());
            else Say(terminal, found, parsed.GetValue(variable)!);
            return found.Same ? CommandLine.Done : CommandLine.Refused;
        });
        return command;
    }

    private static void Say(Terminal terminal, SharedValue found, string variable)
    {
        terminal.Table(["value", "file", "line", "remarks"], found.Files.Select(one => (IReadOnlyList<string?>)[one.Group ?? "-", one.Path, one.Line?.ToString() ?? "", one.Trouble ?? (one.Warnings.Count == 0 ? "" : $"{one.Warnings.Count}, see below")]));
        foreach (var one in found.Files)
            foreach (var warning in one.Warnings) terminal.Output.WriteLine($"warning  {Terminal.Printable(one.Path)}: {warning}");
        terminal.Output.WriteLine(found.Say(variable));
    }

    private static JsonObject Json(SharedValue found, string variable) => new()
    {
        ["same"] = found.Same, ["variable"] = variable, ["summary"] = found.Say(variable),
        ["files"] = new JsonArray([.. found.Files.Select(one => new JsonObject
        {
            ["file"] = one.Path, ["value"] = one.Group, ["line"] = one.Line, ["trouble"] = one.Trouble, ["warnings"] = new JsonArray([.. one.Warnings.Select(warning => JsonValue.Create(warning))]),
        })]),
    };
}
