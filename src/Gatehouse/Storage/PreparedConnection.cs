using System.Data.Common;
using Microsoft.Data.Sqlite;

namespace Gatehouse.Storage;

/// <summary>A SQLite connection of the engine, with the commands of the statements that ran on it. One thread at a time uses it.</summary>
internal sealed class PreparedConnection(string text) : SqliteConnection(text)
{
    private readonly Dictionary<Statement, DbCommand> commands = [];

    public DbCommand CommandOf(Statement statement)
    {
        if (!commands.TryGetValue(statement, out var command)) commands[statement] = command = statement.Make(this);
        return command;
    }

    protected override void Dispose(bool disposing)
    {
        foreach (var command in commands.Values) command.Dispose();
        commands.Clear();
        base.Dispose(disposing);
    }
}
