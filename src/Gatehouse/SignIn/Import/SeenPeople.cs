using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Gatehouse.SignIn.Import;

/// <summary>Who was listed in this import: 16 bytes each, so that a hundred thousand people fit in a few megabytes.</summary>
internal sealed class SeenPeople
{
    private readonly HashSet<UInt128> all = [];

    public bool Add(string subject) => all.Add(Of(subject));

    public bool Contains(string subject) => all.Contains(Of(subject));

    // Hashed whatever it looks like: nobody chooses an id that hides another.
    private static UInt128 Of(string subject) => BinaryPrimitives.ReadUInt128LittleEndian(SHA256.HashData(Encoding.Unicode.GetBytes(subject)));
}
