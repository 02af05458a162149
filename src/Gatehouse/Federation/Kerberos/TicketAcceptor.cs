using System.Runtime.InteropServices;
using System.Text;

namespace Gatehouse.Federation.Kerberos;

/// <summary>
/// Accepts a ticket with the keys of one file. The file is named in a credential store of this call alone: nothing of the process is set, so several keytabs live side by side, and a new file counts at once.
/// It is given the token of Kerberos alone: what SPNEGO wraps around it is read here, so that no other mechanism, NTLM least of all, can ever be picked, and errors keep their numbers. Replays are the house's own affair, on all nodes, so the library's file of them is off.
/// </summary>
internal static class TicketAcceptor
{
    /// <summary>What is said where the library is missing.</summary>
    public const string NoLibrary = "the system's Kerberos library, libgssapi_krb5.so.2, is not there (Debian: libgssapi-krb5-2)";

    private static ReadOnlySpan<byte> Kerberos => [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x12, 0x01, 0x02, 0x02];

    // GSS_KRB5_NT_PRINCIPAL_NAME: taken as it is, without asking DNS about it.
    private static ReadOnlySpan<byte> PrincipalName => [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x12, 0x01, 0x02, 0x02, 0x01];

    /// <summary>Judges a token for one service.</summary>
    public static Acceptance Accept(string keytab, string principal, ReadOnlySpan<byte> token)
    {
        using var memory = new GssMemory();
        nint name = 0, credential = 0, context = 0, source = 0;
        var answer = default(Gss.Buffer);
        try
        {
            var mechanism = memory.Set(memory.Identifier(Kerberos));
            var (text, type) = (memory.Buffer(Encoding.UTF8.GetBytes(principal)), memory.Identifier(PrincipalName));
            if (Fails(Gss.ImportName(out var minor, ref text, ref type, out name))) return new Acceptance.Broken($"{principal}: {Words(minor)}");
            var store = memory.Store(("keytab", "FILE:" + keytab), ("rcache", "none:"));
            if (Fails(Gss.Acquire(out minor, name, uint.MaxValue, ref mechanism, Gss.Accept, ref store, out credential, 0, 0))) return new Acceptance.Broken($"no key for {principal}: {Words(minor)}");
            var input = memory.Buffer(token);
            var major = Gss.AcceptContext(out minor, ref context, credential, ref input, 0, out source, out var used, out answer, out _, out _, 0);
            if (Fails(major)) return new Acceptance.Bad(minor, Words(minor));
            if ((major & Gss.ContinueNeeded) != 0) return new Acceptance.Bad(0, "the client wants more than one leg");
            if (!Bytes(Marshal.PtrToStructure<Gss.Identifier>(used)).AsSpan().SequenceEqual(Kerberos)) return new Acceptance.Bad(0, "another mechanism than Kerberos was used");
            if (Fails(Gss.NameOf(out minor, source, out var shown, 0))) return new Acceptance.Broken(Words(minor));
            var who = Encoding.UTF8.GetString(Taken(ref shown));
            DateTimeOffset? at = Fails(Gss.AuthenticatedAt(out _, context, out var seconds)) ? null : DateTimeOffset.FromUnixTimeSeconds(unchecked((uint)seconds));
            return new Acceptance.Good(who, Copy(answer.Value, answer.Length), at);
        }
        catch (Exception wrong) when (wrong is DllNotFoundException or EntryPointNotFoundException)
        {
            return new Acceptance.Broken(NoLibrary);
        }
        finally
        {
            if (answer.Value != 0) Gss.Release(out _, ref answer);
            if (source != 0) Gss.ReleaseName(out _, ref source);
            if (context != 0) Gss.ReleaseContext(out _, ref context, 0);
            if (credential != 0) Gss.ReleaseCredential(out _, ref credential);
            if (name != 0) Gss.ReleaseName(out _, ref name);
        }
    }

    private static bool Fails(uint major) => (major & Gss.Errors) != 0;

    private static string Words(uint minor)
    {
        uint more = 0;
        return Fails(Gss.Describe(out _, minor, 2, 0, ref more, out var text)) ? $"error {minor}" : Encoding.UTF8.GetString(Taken(ref text));
    }

    private static byte[] Taken(ref Gss.Buffer buffer)
    {
        var bytes = Copy(buffer.Value, buffer.Length);
        Gss.Release(out _, ref buffer);
        return bytes;
    }

    private static byte[] Bytes(Gss.Identifier identifier) => Copy(identifier.Elements, identifier.Length);

    private static byte[] Copy(nint at, nuint length)
    {
        var bytes = new byte[(int)length];
        if (at != 0) Marshal.Copy(at, bytes, 0, bytes.Length);
        return bytes;
    }
}
