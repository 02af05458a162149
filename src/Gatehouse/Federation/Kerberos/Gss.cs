using System.Runtime.InteropServices;

namespace Gatehouse.Federation.Kerberos;

/// <summary>The few calls of GSS-API (RFC 2744; RFC 5588 and MIT Kerberos for the credential store) that accept a ticket. The library is that of the system; without it the first call throws <see cref="DllNotFoundException"/>.</summary>
internal static class Gss
{
    /// <summary>The system's library.</summary>
    public const string Library = "libgssapi_krb5.so.2";

    /// <summary>Usage: accept (RFC 2744, 5.2).</summary>
    public const int Accept = 2;

    /// <summary>More legs are wanted (RFC 2744, 3.9.1).</summary>
    public const uint ContinueNeeded = 1;

    /// <summary>The error bits of a major status: calling and routine errors.</summary>
    public const uint Errors = 0xFFFF0000;

    /// <summary>A run of bytes.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct Buffer
    {
        /// <summary>Length.</summary>
        public nuint Length;

        /// <summary>Begin.</summary>
        public nint Value;
    }

    /// <summary>An object identifier in DER, without its head.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct Identifier
    {
        /// <summary>Length.</summary>
        public uint Length;

        /// <summary>Begin.</summary>
        public nint Elements;
    }

    /// <summary>A set of object identifiers.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct Set
    {
        /// <summary>Count.</summary>
        public nuint Count;

        /// <summary>Begin.</summary>
        public nint Elements;
    }

    /// <summary>Where credentials are (gss_key_value_set_desc).</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct Store
    {
        /// <summary>Count of pairs.</summary>
        public uint Count;

        /// <summary>Pairs of pointers to text.</summary>
        public nint Pairs;
    }

    [DllImport(Library, EntryPoint = "gss_import_name", ExactSpelling = true)]
    public static extern uint ImportName(out uint minor, ref Buffer text, ref Identifier type, out nint name);

    [DllImport(Library, EntryPoint = "gss_acquire_cred_from", ExactSpelling = true)]
    public static extern uint Acquire(out uint minor, nint name, uint time, ref Set mechanisms, int usage, ref Store store, out nint credential, nint actual, nint left);

    [DllImport(Library, EntryPoint = "gss_accept_sec_context", ExactSpelling = true)]
    public static extern uint AcceptContext(out uint minor, ref nint context, nint credential, ref Buffer token, nint bindings, out nint source, out nint mechanism, out Buffer answer, out uint flags, out uint left, nint delegated);

    [DllImport(Library, EntryPoint = "gss_display_name", ExactSpelling = true)]
    public static extern uint NameOf(out uint minor, nint name, out Buffer text, nint type);

    [DllImport(Library, EntryPoint = "gsskrb5_extract_authtime_from_sec_context", ExactSpelling = true)]
    public static extern uint AuthenticatedAt(out uint minor, nint context, out int seconds);

    [DllImport(Library, EntryPoint = "gss_display_status", ExactSpelling = true)]
    public static extern uint Describe(out uint minor, uint status, int kind, nint mechanism, ref uint more, out Buffer text);

    [DllImport(Library, EntryPoint = "gss_release_buffer", ExactSpelling = true)]
    public static extern uint Release(out uint minor, ref Buffer buffer);

    [DllImport(Library, EntryPoint = "gss_release_name", ExactSpelling = true)]
    public static extern uint ReleaseName(out uint minor, ref nint name);

    [DllImport(Library, EntryPoint = "gss_release_cred", ExactSpelling = true)]
    public static extern uint ReleaseCredential(out uint minor, ref nint credential);

    [DllImport(Library, EntryPoint = "gss_delete_sec_context", ExactSpelling = true)]
    public static extern uint ReleaseContext(out uint minor, ref nint context, nint answer);
}
