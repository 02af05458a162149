using Npgsql;

namespace Gatehouse.Storage;

/// <summary>Where the data is, as the settings say: a SQLite file, or a PostgreSQL connection text in Npgsql's form.</summary>
internal sealed record Place(string? File, string? Postgres)
{
    /// <summary>Reads <c>sqlite:FILE</c>, <c>postgres://user:password@host:port/database?option=value</c> (libpq's form) or Npgsql's own. Messages never repeat the text: it may hold a password.</summary>
    public static Place Parse(StorageSettings settings)
    {
        if (settings.Connection is not { Length: > 0 } text) return new Place(Path.Combine(settings.Folder, "gatehouse.db"), null);
        if (text.StartsWith("sqlite:", StringComparison.OrdinalIgnoreCase))
            return text.Length > 7 ? new Place(text[7..], null) : throw new StorageFault("storage:connection 'sqlite:' names no file.");
        try
        {
            var parts = text.StartsWith("postgres://", StringComparison.Ordinal) || text.StartsWith("postgresql://", StringComparison.Ordinal) ? FromAddress(text) : new NpgsqlConnectionStringBuilder(text);
            if (string.IsNullOrEmpty(parts.Host)) throw new StorageFault("storage:connection names no host. Use sqlite:FILE, postgres://user@host/database or Host=…;Database=….");
            // The rooms' statements are few and constant: prepared once per connection, by themselves.
            if (parts.MaxAutoPrepare == 0) parts.MaxAutoPrepare = 100;
            parts.ApplicationName ??= "gatehouse";
            return new Place(null, parts.ConnectionString);
        }
        catch (Exception wrong) when (wrong is ArgumentException or UriFormatException or FormatException or KeyNotFoundException)
        {
            throw new StorageFault("storage:connection cannot be read. Use sqlite:FILE, postgres://user@host/database or Host=…;Database=….");
        }
    }

    private static NpgsqlConnectionStringBuilder FromAddress(string text)
    {
        var address = new Uri(text);
        var user = address.UserInfo.Split(':', 2);
        var parts = new NpgsqlConnectionStringBuilder { Host = Uri.UnescapeDataString(address.Host), Database = Uri.UnescapeDataString(address.AbsolutePath.TrimStart('/')) };
        if (address.Port > 0) parts.Port = address.Port;
        if (user[0].Length > 0) parts.Username = Uri.UnescapeDataString(user[0]);
        if (user.Length > 1) parts.Password = Uri.UnescapeDataString(user[1]);
        foreach (var option in address.Query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            var pair = option.Split('=', 2);
            var (name, value) = (pair[0], Uri.UnescapeDataString(pair.Length > 1 ? pair[1] : ""));
            // A socket folder stands in ?host=, since an address has no room for slashes.
            if (name == "sslmode") parts.SslMode = Enum.Parse<SslMode>(value.Replace("-", "", StringComparison.Ordinal), ignoreCase: true);
            else parts[name] = value;
        }

        return parts;
    }
}
