using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Serialization;
using Gatehouse.Terms;

namespace Gatehouse.House.Commands;

/// <summary>What a command on data was given: the opened stores, the terminal, the words of its line.</summary>
internal sealed record Job(Workshop Shop, Terminal Terminal, ParseResult Words, bool Json, Func<Realm> FindRealm, CancellationToken Stop)
{
    private static readonly JsonSerializerOptions Indented = new(JsonSerializerDefaults.Web) { WriteIndented = true, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull };
    private static readonly JsonSerializerOptions OneLine = new(JsonSerializerDefaults.Web) { DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull };

    public Realm Realm => FindRealm();

    public Task<int> SayAsync(object value)
    {
        Terminal.Output.WriteLine(JsonSerializer.Serialize(value, value.GetType(), Indented));
        return Task.FromResult(CommandLine.Done);
    }

    public void SayLine(object value) => Terminal.Output.WriteLine(JsonSerializer.Serialize(value, value.GetType(), OneLine));

    /// <summary>Says what was done: as a sentence on the error stream, or as JSON.</summary>
    public Task<int> DoneAsync(string sentence, object json)
    {
        if (Json) return SayAsync(json);
        Terminal.Error.WriteLine(sentence);
        return Task.FromResult(CommandLine.Done);
    }
}

/// <summary>Builds commands that work on data, all with the same four options.</summary>
internal static class DataVerb
{
    private static readonly Option<string> Data = new("--data") { Description = "Data folder.", HelpName = "DIR", DefaultValueFactory = _ => new ServeOptions().Data };
    private static readonly Option<string?> Connection = new("--connection") { Description = "PostgreSQL connection, instead of the data folder's SQLite. GATEHOUSE__STORAGE__CONNECTION keeps its password off the process list.", HelpName = "TEXT" };
    private static readonly Option<string?> RealmName = new("--realm", "-r") { Description = "Realm; not needed when there is only one.", HelpName = "NAME" };
    private static readonly Option<bool> Json = new("--json") { Description = "Answer in JSON." };

    public static Verb Make(Terminal terminal, string name, string description, IReadOnlyList<Symbol> words, Func<Job, Task<int>> run, string[] examples, bool fresh = false, bool realm = true)
    {
        var verb = new Verb(name, description, examples);
        foreach (var word in words)
        {
            if (word is Argument argument) verb.Add(argument);
            else verb.Add((Option)word);
        }

        if (realm) verb.Add(RealmName);
        verb.Add(Data);
        verb.Add(Connection);
        verb.Add(Json);
        verb.SetAction(async (parsed, stop) =>
        {
            await using var shop = await Workshop.OpenAsync(parsed.GetValue(Data)!, parsed.GetValue(Connection) ?? Environment.GetEnvironmentVariable("GATEHOUSE__STORAGE__CONNECTION"), fresh, stop);
            return await run(new Job(shop, terminal, parsed, parsed.GetValue(Json), () => shop.Realm(parsed.GetValue(RealmName)), stop));
        });
        return verb;
    }

    public static Verb Group(string name, string description, string[] examples, params Verb[] verbs)
    {
        var group = new Verb(name, description, examples);
        foreach (var verb in verbs) group.Add(verb);
        return group;
    }
}
