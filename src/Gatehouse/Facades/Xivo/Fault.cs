namespace Gatehouse.Facades.Xivo;

/// <summary>An error in XiVO's form: a code that its clients compare and a message that they show.</summary>
/// <param name="Status">HTTP status; the vendor's pages name none.</param>
/// <param name="Error">Code, one of <see cref="Vendor"/>'s.</param>
/// <param name="Message">For people.</param>
internal sealed record Fault(int Status, string Error, string Message)
{
    /// <summary>Seconds after which to try again; null where that does not help.</summary>
    public int? RetryAfter { get; init; }

    public static Fault Wait(TimeSpan wait) => new(429, Vendor.UnhandledError, $"Too many attempts. Try again in {Seconds(wait)} s.") { RetryAfter = Seconds(wait) };

    public static Fault Later { get; } = new(503, Vendor.UnhandledError, "This cannot be checked right now; nothing was decided. Try again in a few seconds.") { RetryAfter = 2 };

    private static int Seconds(TimeSpan wait) => (int)Math.Ceiling(wait.TotalSeconds);
}
