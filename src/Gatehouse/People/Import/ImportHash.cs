using System.Security.Cryptography;
using System.Text;
using Gatehouse.Federation;

namespace Gatehouse.People.Import;

/// <summary>What of a person is applied here, as a hash beside their link: an entry that makes the same again costs no write. Rights count by id, so that a role made later is given then.</summary>
internal static class ImportHash
{
    public static string Of(Upstream upstream, Listed listed, Mapped mapped, IEnumerable<string> rights)
    {
        var person = listed.Person!;
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        void Add(string? part)
        {
            // Each with its length: two lists of parts that read alike when joined differ.
            Span<byte> length = stackalloc byte[4];
            System.Buffers.Binary.BinaryPrimitives.WriteInt32LittleEndian(length, part?.Length ?? -1);
            hash.AppendData(length);
            if (part is not null) hash.AppendData(Encoding.Unicode.GetBytes(part));
        }

        Add($"1 {upstream.UpdatesUsers} {upstream.TrustsEmail} {person.EmailVerified} {listed.Enabled}");
        foreach (var part in new[] { person.Username, person.Email, person.FirstName, person.LastName }) Add(part);
        foreach (var right in rights.Order(StringComparer.Ordinal)) Add(right);
        foreach (var (name, values) in mapped.Attributes.OrderBy(one => one.Key, StringComparer.Ordinal))
        {
            Add(name);
            foreach (var value in values) Add(value);
            Add(null);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset().AsSpan(0, 16));
    }
}
