using System.Runtime.InteropServices;

namespace Gatehouse.Federation.Kerberos;

/// <summary>
/// Tells the system's Kerberos library which keytab to take. The library knows one for the whole process, so that realms with different keytabs take turns: who accepts a ticket holds the turn for that moment. The file is read at each
/// ticket, so that a new one counts at once.
/// </summary>
public sealed class AcceptorKeys : IDisposable
{
    private readonly SemaphoreSlim turn = new(1, 1);
    private string? current;

    /// <summary>Runs <paramref name="accept"/> with a keytab. Throws <see cref="DllNotFoundException"/> or <see cref="EntryPointNotFoundException"/> where the library is not installed.</summary>
    public async Task<T> WithAsync<T>(string keytab, Func<T> accept, CancellationToken stop)
    {
        await turn.WaitAsync(stop);
        try
        {
            if (current != keytab)
            {
                if (Register(keytab) != 0) throw new InvalidOperationException("The Kerberos library does not take the keytab.");
                current = keytab;
            }

            return accept();
        }
        finally
        {
            turn.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => turn.Dispose();

    // Looked up by name, since the library need not be there: only this kind of provider wants it.
    private static uint Register(string keytab)
    {
        var library = NativeLibrary.Load("libgssapi_krb5.so.2");
        var register = Marshal.GetDelegateForFunctionPointer<RegisterAcceptor>(NativeLibrary.GetExport(library, "krb5_gss_register_acceptor_identity"));
        return register(keytab);
    }

    [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
    private delegate uint RegisterAcceptor([MarshalAs(UnmanagedType.LPUTF8Str)] string keytab);
}
