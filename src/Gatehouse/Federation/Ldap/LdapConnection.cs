using System.Net.Security;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using Gatehouse.Wire.Ldap;

namespace Gatehouse.Federation.Ldap;

/// <summary>The directory, or the way to it, failed: says nothing about the person.</summary>
public sealed class LdapFault(string message, Exception? cause = null) : UpstreamFault(message, cause);

/// <summary>One connection to a directory server, used by one operation at a time. Broken by whatever goes wrong on it.</summary>
public sealed class LdapConnection : IAsyncDisposable
{
    // So much of a message tells whose it is.
    private const int Begin = 1024;

    private readonly Uri server;
    private readonly TimeSpan patience;
    private readonly TimeProvider time;
    private Stream stream;
    private byte[] buffer = new byte[16 * 1024];
    private int start;
    private int end;
    private int id;

    private LdapConnection(Uri server, Stream stream, TimeSpan patience, TimeProvider time) => (this.server, this.stream, this.patience, this.time) = (server, stream, patience, time);

    /// <summary>Whether it may serve again.</summary>
    public bool Broken { get; private set; }

    /// <summary>When it was last used, as a timestamp.</summary>
    public long UsedAt { get; private set; }

    /// <summary>The server.</summary>
    public Uri Server => server;

    /// <summary>Connects, and turns to TLS where that is asked for, before anything is said. Throws <see cref="LdapFault"/>.</summary>
    public static async Task<LdapConnection> OpenAsync(LdapServers how, Uri server, TimeSpan patience, TimeProvider time, CancellationToken stop)
    {
        using var late = new CancellationTokenSource(patience, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(late.Token, stop);
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        LdapConnection? made = null;
        try
        {
            await socket.ConnectAsync(server.IdnHost, server.IsDefaultPort || server.Port < 0 ? server.Scheme == "ldaps" ? 636 : 389 : server.Port, both.Token);
            made = new LdapConnection(server, new NetworkStream(socket, ownsSocket: true), patience, time);
            if (server.Scheme == "ldaps") await made.SecureAsync(how, both.Token);
            else if (how.StartTls)
            {
                var (result, _) = await made.AskAsync(next => LdapWriting.Extended(next, LdapWriting.StartTls), 24, stop);
                if (result.Code != LdapResult.Success) throw new LdapFault($"{server} refuses StartTLS: {result.Code} {result.Message}");
                // Bytes that came before TLS began were said by nobody who could be known.
                if (made.start != made.end) throw new LdapFault($"{server} sent something before TLS began");
                await made.SecureAsync(how, both.Token);
            }

            return made;
        }
        catch (Exception wrong) when (wrong is SocketException or IOException or System.Security.Authentication.AuthenticationException or LdapFault || (wrong is OperationCanceledException && !stop.IsCancellationRequested))
        {
            if (made is not null) await made.DisposeAsync();
            socket.Dispose();
            throw wrong as LdapFault ?? new LdapFault($"{server}: {(wrong is OperationCanceledException ? "no answer in time" : wrong.InnerException?.Message ?? wrong.Message)}", wrong);
        }
    }

    /// <summary>A simple bind. Success, or the server's result; throws <see cref="LdapFault"/>.</summary>
    public async Task<LdapResult> BindAsync(string dn, string password, CancellationToken stop) => (await AskAsync(next => LdapWriting.Bind(next, dn, password), 1, stop)).Result;

    /// <summary>An operation with one answer.</summary>
    public async Task<(LdapResult Result, byte[]? Cookie)> AskAsync(Func<int, byte[]> request, int kind, CancellationToken stop)
    {
        var sent = await SendAsync(request, stop);
        var answer = await ReadAsync(sent, stop);
        return answer.Kind == kind && answer.Result is { } result ? (result, answer.Cookie) : throw Break($"{server} answered something else than was asked");
    }

    /// <summary>One page of a search: entries as they come, then the result.</summary>
    public async IAsyncEnumerable<(LdapEntry? Entry, LdapResult? Result, byte[]? Cookie)> SearchAsync(Func<int, byte[]> request, [EnumeratorCancellation] CancellationToken stop)
    {
        var sent = await SendAsync(request, stop);
        while (true)
        {
            var answer = await ReadAsync(sent, stop);
            switch (answer.Kind)
            {
                case 4: yield return (answer.Entry, null, null); break;
                case 19: break; // a reference to another server is not followed
                case 5: yield return (null, answer.Result, answer.Cookie); yield break;
                default: throw Break($"{server} answered something else than was asked");
            }
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        Broken = true;
        await stream.DisposeAsync();
    }

    private async Task SecureAsync(LdapServers how, CancellationToken stop)
    {
        var tls = new SslStream(stream);
        await tls.AuthenticateAsClientAsync(how.TlsFor(server), stop);
        stream = tls;
    }

    private async Task<int> SendAsync(Func<int, byte[]> request, CancellationToken stop)
    {
        var next = ++id;
        UsedAt = time.GetTimestamp();
        await InTimeAsync(async late =>
        {
            await stream.WriteAsync(request(next), late);
            await stream.FlushAsync(late);
            return 0;
        }, stop);
        return next;
    }

    private async Task<LdapAnswer> ReadAsync(int wanted, CancellationToken stop)
    {
        while (true)
        {
            var length = LdapReading.LengthOf(buffer.AsSpan(start, end - start));
            if (length < 0)
            {
                if (end - start < Begin && LdapReading.IsTooLong(buffer.AsSpan(start, end - start)))
                {
                    await FillAsync(Begin, stop);
                    continue;
                }

                if (!LdapReading.TryReadTooLong(buffer.AsSpan(start, Math.Min(end - start, Begin)), out var whole, out var standIn)) throw Break($"{server} sent what is no LDAP message");
                await SkipAsync(whole, stop);
                if (standIn.Id == wanted) return standIn;
                continue;
            }

            if (length > 0 && end - start >= length)
            {
                var message = buffer.AsMemory(start, length);
                start += length;
                if (!LdapReading.TryRead(message, out var answer)) throw Break($"{server} sent what is no LDAP message");
                if (answer.Id == 0) throw Break($"{server} ends the connection: {answer.Result?.Message}");
                if (answer.Id == wanted) return answer;
                continue; // of an operation that was given up
            }

            await FillAsync(length, stop);
        }
    }

    // Reads more, with room for so many bytes from the start.
    private async Task FillAsync(int wanted, CancellationToken stop)
    {
        if (start > 0) (buffer.AsSpan(start, end - start).ToArray()).CopyTo(buffer, 0);
        (start, end) = (0, end - start);
        if (Math.Max(wanted, end + 1) > buffer.Length) Array.Resize(ref buffer, Math.Max(wanted, buffer.Length * 2));
        var count = await InTimeAsync(async late => await stream.ReadAsync(buffer.AsMemory(end), late), stop);
        if (count == 0) throw Break($"{server} closed the connection");
        end += count;
    }

    private async Task SkipAsync(long whole, CancellationToken stop)
    {
        while (whole > end - start)
        {
            whole -= end - start;
            (start, end) = (0, 0);
            await FillAsync(0, stop);
        }

        start += (int)whole;
    }

    private async Task<T> InTimeAsync<T>(Func<CancellationToken, Task<T>> work, CancellationToken stop)
    {
        using var late = new CancellationTokenSource(patience, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(late.Token, stop);
        try
        {
            return await work(both.Token);
        }
        catch (Exception wrong) when (wrong is IOException or SocketException or OperationCanceledException or ObjectDisposedException)
        {
            Broken = true;
            if (wrong is OperationCanceledException && stop.IsCancellationRequested) throw;
            throw new LdapFault($"{server}: {(wrong is OperationCanceledException ? "no answer in time" : wrong.Message)}", wrong);
        }
    }

    private LdapFault Break(string message)
    {
        Broken = true;
        return new LdapFault(message);
    }
}
