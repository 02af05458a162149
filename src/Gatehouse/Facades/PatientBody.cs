using Gatehouse.Wire.Text;

namespace Gatehouse.Facades;

/// <summary>Bodies that anybody may post: half a body must not hold a connection for ever.</summary>
internal static class PatientBody
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>The body; null when it is longer than <paramref name="most"/> bytes or takes too long.</summary>
    public static async Task<byte[]?> ReadAsync(HttpContext context, int most)
    {
        using var late = new CancellationTokenSource(Patience, context.RequestServices.GetRequiredService<TimeProvider>());
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, context.RequestAborted);
        return await BoundedBody.ReadAsync(context.Request.BodyReader, most, leave: false, either.Token);
    }
}
