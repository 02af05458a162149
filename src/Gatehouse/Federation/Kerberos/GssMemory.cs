using System.Runtime.InteropServices;
using System.Text;

namespace Gatehouse.Federation.Kerberos;

/// <summary>Memory that the library reads, gone with this.</summary>
internal sealed class GssMemory : IDisposable
{
    private readonly List<nint> taken = [];

    /// <summary>Bytes, as the library wants them.</summary>
    public Gss.Buffer Buffer(ReadOnlySpan<byte> bytes) => new() { Length = (nuint)bytes.Length, Value = Copy(bytes) };

    /// <summary>An object identifier in DER, without its head.</summary>
    public Gss.Identifier Identifier(ReadOnlySpan<byte> bytes) => new() { Length = (uint)bytes.Length, Elements = Copy(bytes) };

    /// <summary>A set with one member.</summary>
    public Gss.Set Set(Gss.Identifier member)
    {
        var at = Take(Marshal.SizeOf<Gss.Identifier>());
        Marshal.StructureToPtr(member, at, fDeleteOld: false);
        return new Gss.Set { Count = 1, Elements = at };
    }

    /// <summary>A credential store.</summary>
    public Gss.Store Store(params ReadOnlySpan<(string Key, string Value)> pairs)
    {
        var at = Take(2 * nint.Size * pairs.Length);
        for (var i = 0; i < pairs.Length; i++)
        {
            Marshal.WriteIntPtr(at, 2 * i * nint.Size, Copy(Encoding.UTF8.GetBytes(pairs[i].Key + '\0')));
            Marshal.WriteIntPtr(at, ((2 * i) + 1) * nint.Size, Copy(Encoding.UTF8.GetBytes(pairs[i].Value + '\0')));
        }

        return new Gss.Store { Count = (uint)pairs.Length, Pairs = at };
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var one in taken) Marshal.FreeHGlobal(one);
        taken.Clear();
    }

    private nint Copy(ReadOnlySpan<byte> bytes)
    {
        var at = Take(bytes.Length);
        Marshal.Copy(bytes.ToArray(), 0, at, bytes.Length);
        return at;
    }

    private nint Take(int length)
    {
        var at = Marshal.AllocHGlobal(Math.Max(1, length));
        taken.Add(at);
        return at;
    }
}
