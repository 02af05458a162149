using System.Buffers;
using System.IO.Pipelines;

namespace Gatehouse.Wire.Text;

/// <summary>Reads a whole body that must be known before anything is done: bounded in bytes, and in time by whoever asks.</summary>
public static class BoundedBody
{
    /// <summary>The bytes; null when they are more than <paramref name="most"/>, or <paramref name="stop"/> came first. With <paramref name="leave"/> they stay in the reader, and whoever reads next begins with them.</summary>
    public static async Task<byte[]?> ReadAsync(PipeReader reader, long most, bool leave, CancellationToken stop)
    {
        // The read is called off, not broken off: a server's reader that is broken off cannot be drained.
        await using var calling = stop.UnsafeRegister(static reader => ((PipeReader)reader!).CancelPendingRead(), reader);
        while (true)
        {
            var read = await reader.ReadAsync(CancellationToken.None);
            var over = read.Buffer.Length > most;

            // A server that is told to end calls reads off too, so that idle connections close; a request under way goes on.
            var late = read.IsCanceled && stop.IsCancellationRequested;
            if (!over && !late && !read.IsCompleted)
            {
                reader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
                continue;
            }

            var body = over || late ? null : read.Buffer.ToArray();
            reader.AdvanceTo(leave ? read.Buffer.Start : read.Buffer.End);
            return body;
        }
    }
}
