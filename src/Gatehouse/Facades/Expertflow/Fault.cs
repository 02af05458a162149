using System.Text.Json;

namespace Gatehouse.Facades.Expertflow;

/// <summary>An error in one of the vendor's forms (<see cref="Expertflow.Form"/>). Its clients show the reason.</summary>
/// <param name="Status">HTTP status, and the one in the body.</param>
/// <param name="Message">What failed. It says which form the error has, too: the second factor's own calls have another than the sign-in.</param>
/// <param name="Reason">Why, and how to mend it, for people.</param>
internal sealed record Fault(int Status, string Message, string Reason)
{
    /// <summary>Seconds after which to try again; null where that does not help.</summary>
    public int? RetryAfter { get; init; }

    /// <summary>Stable code, for programs and for the audit log; null where the vendor's words say all.</summary>
    public string? Code { get; init; }

    /// <summary>Whether nobody below notes the refusal in the audit log, so that the facade does.</summary>
    public bool Unnoted { get; init; }

    /// <summary>The form that goes with the message.</summary>
    public Form Form => Message switch { Vendor.OneTimeFailed => Form.OneTime, Vendor.RefreshFailed => Form.Renewal, _ => Form.SignIn };

    public static Fault Wait(string message, TimeSpan wait) => new(429, message, $"Too many attempts. Try again in {Seconds(wait)} s.") { Code = "too_many_attempts", RetryAfter = Seconds(wait) };

    // The vendor's library has 408 for whoever could not be asked in time.
    public static Fault Later(string message) => new(408, message, "This cannot be checked right now; nothing was decided. Try again in a few seconds.") { Code = "unavailable", RetryAfter = 2 };

    public static Fault Inside(string message) => new(500, message, "Something went wrong inside. The operator finds the cause in the log.") { Code = "internal" };

    public static Fault Bad(string reason) => new(400, "Bad Request", reason) { Code = "invalid_request", Unnoted = true };

    public void Write(Utf8JsonWriter writer, Form form)
    {
        if (form == Form.OneTime)
        {
            writer.WriteNumber("error", Status);
            writer.WriteString("error_message", Reason);
            if (Code is not null) writer.WriteString("code", Code);
            return;
        }

        if (form == Form.Renewal)
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
        if (Code is not null) writer.WriteString("code", Code);
        writer.WriteEndObject();
    }

    private static int Seconds(TimeSpan wait) => (int)Math.Ceiling(wait.TotalSeconds);
}
