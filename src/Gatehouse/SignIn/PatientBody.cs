using System.Buffers;
using Gatehouse.Wire.Text;

namespace Gatehouse.SignIn;

/// <summary>Bodies that anybody may post, at every door: bounded in bytes and in time, whatever the framing says (a chunked one names no length). Half a body must not hold a connection for ever.</summary>
public static class PatientBody
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private const int BytesPerSecond = 32 * 1024;

    /// <summary>The body; null when it is longer than <paramref name="most"/> bytes, takes too long (ten seconds, and more where much may come), or breaks off.</summary>
    public static async ValueTask<byte[]?> ReadAsync(HttpContext context, int most)
    {
        if (context.Request.ContentLength > most) return null;
        try
        {
            // Most come in one piece with their head: no clock is needed for those.
            var reader = context.Request.BodyReader;
            if (reader.TryRead(out var there))
            {
                if (there is { IsCompleted: true, IsCanceled: false } && there.Buffer.Length <= most)
                {
                    var whole = there.Buffer.ToArray();
                    reader.AdvanceTo(there.Buffer.End);
                    return whole;
                }

                reader.AdvanceTo(there.Buffer.Start);
            }

            using var late = new CancellationTokenSource(Patience + TimeSpan.FromSeconds(most / BytesPerSecond), context.RequestServices.GetRequiredService<TimeProvider>());
            using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, context.RequestAborted);
            return await BoundedBody.ReadAsync(reader, most, leave: false, either.Token);
        }
        catch (Exception wrong) when (wrong is BadHttpRequestException or IOException or OperationCanceledException)
        {
            return null;
        }
    }
}
