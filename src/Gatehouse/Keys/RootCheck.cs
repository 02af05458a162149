using Dapper;
using Gatehouse.Storage;

namespace Gatehouse.Keys;

/// <summary>A sealed known text in the database: a node with another root key refuses to start instead of failing request by request.</summary>
internal static class RootCheck
{
    private const string Purpose = "root check";

    public static async Task AssertAsync(RootKey root, Database database, CancellationToken stop)
    {
        var sealer = new Sealer(root);
        var mine = sealer.Seal(Purpose, "gatehouse"u8);
        var stored = await database.WriteAsync(async work =>
        {
            await work.Connection.ExecuteAsync("insert into root_check (id, sealed) values (1, @mine) on conflict (id) do nothing", new { mine }, work.Transaction);
            return await work.Connection.ExecuteScalarAsync<byte[]>("select sealed from root_check where id = 1", transaction: work.Transaction);
        }, stop);
        if (stored is not null && sealer.TryOpen(Purpose, stored, out _)) return;
        if (root.IsNew)
        {
            root.Unmake();
            throw new KeyFault($"The root key '{root.Origin}' is missing, and this database has secrets sealed under it. Restore the file from the backup made with the database; nothing was changed.");
        }

        throw new KeyFault($"The root key in {root.Origin} is not the one of this database. Restore the root key that belongs to it; nothing was changed.");
    }
}
