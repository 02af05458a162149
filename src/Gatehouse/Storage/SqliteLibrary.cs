using System.Runtime.InteropServices;
using SQLitePCL;

namespace Gatehouse.Storage;

/// <summary>Leads SQLitePCLRaw's import to the system's own library: security fixes come with the system's updates, and no native file is shipped.</summary>
internal static class SqliteLibrary
{
    private static readonly string[] Names = ["libsqlite3.so.0", "libsqlite3.so", "libsqlite3.dylib", "winsqlite3.dll", "sqlite3.dll"];
    private static readonly Lazy<bool> Loaded = new(LoadOnce);

    public static void Load() => _ = Loaded.Value;

    private static bool LoadOnce()
    {
        var handle = IntPtr.Zero;
        foreach (var name in Names)
            if (NativeLibrary.TryLoad(name, out handle)) break;
        if (handle == IntPtr.Zero) throw new StorageFault("SQLite's library is not on this machine. On Debian: apt-get install libsqlite3-0. Or give a PostgreSQL connection with storage:connection.");
        NativeLibrary.SetDllImportResolver(typeof(SQLite3Provider_e_sqlite3).Assembly, (library, _, _) => library == "e_sqlite3" ? handle : IntPtr.Zero);
        raw.SetProvider(new SQLite3Provider_e_sqlite3());
        // Nobody reads its memory statistics, and counting them takes one lock for the whole process at each allocation.
        raw.sqlite3_config(raw.SQLITE_CONFIG_MEMSTATUS, 0);
        return true;
    }
}
