namespace Gatehouse.Facades.Finesse;

/// <summary>An error of Finesse's REST API: <c>&lt;ApiErrors&gt;&lt;ApiError&gt;</c> with a type that clients compare, a message and a datum.</summary>
/// <param name="Status">HTTP status.</param>
/// <param name="Type"><c>ErrorType</c>.</param>
/// <param name="Message"><c>ErrorMessage</c>.</param>
/// <param name="Datum"><c>ErrorData</c>; empty when there is none.</param>
internal sealed record ApiError(int Status, string Type, string Message, string Datum = "")
{
    /// <summary>Seconds after which to try again; null where that does not help.</summary>
    public int? RetryAfter { get; init; }

    public static ApiError Later { get; } = new(503, Vendor.Unavailable, "This cannot be decided right now. Try again in a few seconds.") { RetryAfter = 2 };

    public static ApiError Broken { get; } = new(500, Vendor.ServerError, "Something went wrong inside. The operator finds the cause in the log.");

    public static ApiError Nowhere { get; } = new(404, Vendor.NotFound, "There is no such call here, or not by this method.");

    public static ApiError Closed(string missing) => new(503, Vendor.Unavailable, $"The facade is not set up: {missing}.", "SERVER_OUT_OF_SERVICE");
}
