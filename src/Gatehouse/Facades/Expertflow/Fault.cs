using System.Text.Json;

namespace Gatehouse.Facades.Expertflow;

/// <summary>An error in the vendor's form: <c>{"error":{"error_message","error_detail":{"status","reason"}}}</c>. Its clients show the reason.</summary>
/// <param name="Status">HTTP status, and the one in the body.</param>
/// <param name="Message">What failed.</param>
/// <param name="Reason">Why, and how to mend it, for people.</param>
internal sealed record Fault(int Status, string Message, string Reason)
{
    /// <summary>Seconds after which to try again; null where that does not help.</summary>
    public int? RetryAfter { get; init; }

    /// <summary>Members <c>status</c> and <c>message</c> as well, which the renewal's clients read.</summary>
    public bool Flat { get; init; }

    /// <summary>Stable code for the audit log, where nobody below notes the refusal; null where somebody did.</summary>
    public string? Code { get; init; }

    public static Fault Wait(string message, TimeSpan wait) => new(429, message, $"Too many attempts. Try again in {Seconds(wait)} s.") { RetryAfter = Seconds(wait) };

    // The vendor's library has 408 for whoever could not be asked in time.
    public static Fault Later(string message) => new(408, message, "This cannot be checked right now; nothing was decided. Try again in a few seconds.") { RetryAfter = 2 };

    public static Fault Inside(string message) => new(500, message, "Something went wrong inside. The operator finds the cause in the log.");

    public static Fault Bad(string reason) => new(400, "Bad Request", reason) { Code = "invalid_request" };

    public void Write(Utf8JsonWriter writer)
    {
        if (Flat)
        {
            writer.WriteNumber("status", Status);
            writer.WriteString("message", Reason);
        }

        writer.WriteStartObject("error");
        writer.WriteString("error_message", Message);
        writer.WriteStartObject("error_detail");
        writer.WriteNumber("status", Status);
        writer.WriteString("reason", Reason);
        writer.WriteEndObject();
        writer.WriteEndObject();
    }

    private static int Seconds(TimeSpan wait) => (int)Math.Ceiling(wait.TotalSeconds);
}
