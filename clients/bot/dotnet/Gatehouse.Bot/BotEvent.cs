using System.Text.Json;

namespace Gatehouse.Bot;

/// <summary>An event of CVG's Bot API.</summary>
public abstract record BotEvent
{
    private BotEvent()
    {
    }

    /// <summary>The dialog.</summary>
    public required string DialogId { get; init; }

    /// <summary>The project it belongs to.</summary>
    public required string ProjectToken { get; init; }

    /// <summary>The reseller; stands in the addresses of data, history and recordings.</summary>
    public required string ResellerToken { get; init; }

    /// <summary>Where to call back, without slashes at its end.</summary>
    public required string Callback { get; init; }

    /// <summary>The dialog's token; null only where <see cref="EventRules.TokenOptional"/> allows it, and at the end of a dialog that is over. Handlers use the dialog instead.</summary>
    public string? AuthToken { get; init; }

    /// <summary>When the platform made the event, unix milliseconds.</summary>
    public long? Timestamp { get; init; }

    /// <summary>Language, as <c>de-DE</c>.</summary>
    public string? Language { get; init; }

    /// <summary>The whole body, for members this kit does not name.</summary>
    public JsonElement Body { get; init; }

    /// <summary>Names kind and dialog, never the token.</summary>
    public sealed override string ToString() => $"{GetType().Name} of {DialogId}";

    /// <summary>A dialog begins.</summary>
    public sealed record Session : BotEvent
    {
        /// <summary><c>INBOUND</c>, <c>INBOUND_PROVISIONED</c> or <c>OUTBOUND</c>.</summary>
        public string? CallType { get; init; }

        /// <summary>Headers of the call whose names begin with <c>x-</c>.</summary>
        public IReadOnlyDictionary<string, IReadOnlyList<string>> CustomSipHeaders { get; init; } = new Dictionary<string, IReadOnlyList<string>>();

        /// <summary>Data given when the call was provisioned.</summary>
        public IReadOnlyDictionary<string, IReadOnlyList<string>> CustomDialogData { get; init; } = new Dictionary<string, IReadOnlyList<string>>();
    }

    /// <summary>The person on the phone said or typed something.</summary>
    public sealed record Message : BotEvent
    {
        /// <summary><c>SPEECH</c> or <c>DTMF</c>; a platform may name others.</summary>
        public required string Type { get; init; }

        /// <summary>What was said or typed.</summary>
        public required string Text { get; init; }

        /// <summary>0 to 100.</summary>
        public double? Confidence { get; init; }

        /// <summary>Who transcribed it.</summary>
        public string? Vendor { get; init; }
    }

    /// <summary>The answer to a prompt.</summary>
    public sealed record Answer : BotEvent
    {
        /// <summary>Its kind: <c>Number</c>, <c>MultipleChoice</c>, <c>Timeout</c>. Its value stands in the body's <c>type</c>.</summary>
        public required string Name { get; init; }
    }

    /// <summary>Nobody spoke.</summary>
    public sealed record Inactivity : BotEvent
    {
        /// <summary>For how long, milliseconds.</summary>
        public double? Duration { get; init; }
    }

    /// <summary>A recording changed its status.</summary>
    public sealed record Recording : BotEvent
    {
        /// <summary>Which; <c>default</c> unless named.</summary>
        public required string RecordingId { get; init; }

        /// <summary>Its status, where the platform tells it.</summary>
        public string? Status { get; init; }
    }

    /// <summary>The dialog is over.</summary>
    public sealed record Terminated : BotEvent;
}
