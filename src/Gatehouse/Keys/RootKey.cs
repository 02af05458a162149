using System.Security.Cryptography;

namespace Gatehouse.Keys;

/// <summary>The one secret under which all others are sealed: 32 random bytes. Back it up together with the database; either alone is useless.</summary>
public sealed class RootKey
{
    private readonly byte[] bytes;

    private readonly string? made;

    private RootKey(byte[] bytes, string origin, string? made = null) => (this.bytes, Origin, this.made) = (bytes, origin, made);

    /// <summary>Whether this start made the file, since there was none.</summary>
    internal bool IsNew => made is not null;

    /// <summary>Where it came from, for messages.</summary>
    public string Origin { get; }

    /// <summary>Loads the root key, or makes its file when the data folder is new. Throws <see cref="KeyFault"/> naming the file when it cannot be used.</summary>
    public static RootKey Load(KeysSettings settings, string folder)
    {
        if (settings.Variable is { Length: > 0 } variable)
            return new RootKey(Parse(Environment.GetEnvironmentVariable(variable) ?? "", $"environment variable {variable}"), $"environment variable {variable}");
        if (settings.Command is { Count: > 0 } command) return new RootKey(Parse(RootCommand.Read(command), $"the output of '{command[0]}'"), $"the output of '{command[0]}'");
        var file = settings.File is { Length: > 0 } given ? given : Path.Combine(folder, "root.key");
        var fresh = !File.Exists(file) && Make(file);
        const UnixFileMode Others = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.OtherRead | UnixFileMode.OtherWrite;
        if (!OperatingSystem.IsWindows() && (File.GetUnixFileMode(file) & Others) != UnixFileMode.None)
            throw new KeyFault($"The root key '{file}' can be read by others. Mend it with: chmod 600 '{file}'");
        return new RootKey(Parse(File.ReadAllText(file), file), file, fresh ? file : null);
    }

    /// <summary>A key for one purpose (HKDF-SHA-256, RFC 5869): no two purposes share one.</summary>
    internal byte[] Derive(string purpose) => HKDF.DeriveKey(HashAlgorithmName.SHA256, bytes, 32, info: System.Text.Encoding.UTF8.GetBytes("gatehouse/" + purpose));

    /// <summary>Takes back the file that this start made: the database belongs to another key, whose restored copy must find its place empty.</summary>
    internal void Unmake()
    {
        if (made is not null) File.Delete(made);
    }

    private static byte[] Parse(string text, string origin)
    {
        var hex = text.Trim();
        if (hex.Length == 64 && hex.All(char.IsAsciiHexDigit)) return Convert.FromHexString(hex);
        throw new KeyFault($"The root key in {origin} is not 64 hex digits. Restore it from the backup made with the database.");
    }

    // Written aside and moved: a crash in between leaves no half key.
    private static bool Make(string file)
    {
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(file))!);
            var aside = $"{file}.{Guid.NewGuid():n}";
            using (var stream = new FileStream(aside, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite }))
            {
                stream.Write(System.Text.Encoding.ASCII.GetBytes(Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32)) + "\n"));
                stream.Flush(flushToDisk: true);
            }

            File.Move(aside, file, overwrite: false);
            return true;
        }
        catch (Exception wrong) when (wrong is IOException or UnauthorizedAccessException)
        {
            if (File.Exists(file)) return false; // another process made it in the same moment
            throw new KeyFault($"The root key '{file}' cannot be made: {wrong.Message}");
        }
    }
}

/// <summary>A key cannot be used; the message names it and says how to mend it, never the key.</summary>
public sealed class KeyFault(string message) : Exception(message);
