using System.Text.Json;
using System.Text.Unicode;

namespace Gatehouse.Bot;

/// <summary>How strictly events are read.</summary>
public record EventRules
{
    /// <summary>Lets events without a token pass (a platform that does not send them yet). Default: refused.</summary>
    public bool TokenOptional { get; init; }

    /// <summary>The only addresses to call back (scheme, host, port), plain http included. Default: any https address, and http on loopback.</summary>
    public IReadOnlyList<string>? Callbacks { get; init; }
}

/// <summary>An event that is none.</summary>
public sealed class EventException(string member, string message) : Exception(message)
{
    /// <summary>The first member that is wrong: <c>body</c>, <c>kind</c> or a name of the wire.</summary>
    public string Member { get; } = member;
}

/// <summary>Reads the bodies of events.</summary>
public static class EventReading
{
    /// <summary>Most bytes of an event's body.</summary>
    public const int MostBytes = 256 * 1024;

    private static readonly JsonDocumentOptions Options = new() { MaxDepth = 32 };

    /// <summary>Reads an event; throws <see cref="EventException"/> for anything that is not one.</summary>
    /// <param name="kind">Last segment of its address: <c>session</c>, <c>message</c>, <c>answer</c>, <c>inactivity</c>, <c>recording</c>, <c>terminated</c>.</param>
    /// <param name="rawBody">The body as it came.</param>
    /// <param name="rules">How strictly.</param>
    /// <param name="headerToken">The token from the header <c>X-Dialog-Token</c>, where the gateway puts it there.</param>
    public static BotEvent Read(string kind, ReadOnlyMemory<byte> rawBody, EventRules? rules = null, string? headerToken = null)
    {
        rules ??= new EventRules();
        using var document = Parse(rawBody);
        var body = new Members(document.RootElement);
        var dialogId = body.Required("dialogId");
        if (!Texts.IsPathName(dialogId)) throw new EventException("dialogId", "dialogId is 1 to 64 of A-Z, a-z, 0-9, \".\", \"_\", \":\", \"-\"");
        var callback = Callback(body.Required("callback"), rules);
        if (body["projectContext"] is not { ValueKind: JsonValueKind.Object } within) throw new EventException("projectContext", "projectContext is required");
        var context = new Members(within);
        var (reseller, project) = (Project(context, "resellerToken"), Project(context, "projectToken"));
        // When a dialog is over there is no token any more, and its end is told all the same.
        var token = Token(body, headerToken, rules.TokenOptional || kind == "terminated");
        var timestamp = body.Number("timestamp");
        if (timestamp is { } time && (time != Math.Floor(time) || time > 9007199254740991)) throw new EventException("timestamp", "timestamp is not a whole number");
        var language = body.Text("language", 35);
        BotEvent read = kind switch
        {
            "session" => new BotEvent.Session { DialogId = dialogId, ProjectToken = project, ResellerToken = reseller, Callback = callback, CallType = body.Text("callType", 64), CustomSipHeaders = body.Lists("customSipHeaders"), CustomDialogData = body.Lists("customDialogData") },
            "message" => Message(body, dialogId, project, reseller, callback),
            "answer" => new BotEvent.Answer { DialogId = dialogId, ProjectToken = project, ResellerToken = reseller, Callback = callback, Name = AnswerName(body) },
            "inactivity" => new BotEvent.Inactivity { DialogId = dialogId, ProjectToken = project, ResellerToken = reseller, Callback = callback, Duration = body.Number("duration") },
            "recording" => new BotEvent.Recording { DialogId = dialogId, ProjectToken = project, ResellerToken = reseller, Callback = callback, RecordingId = RecordingId(body), Status = body.Text("status", 64) },
            "terminated" => new BotEvent.Terminated { DialogId = dialogId, ProjectToken = project, ResellerToken = reseller, Callback = callback },
            _ => throw new EventException("kind", "this event is not known"),
        };
        return read with { AuthToken = token, Timestamp = (long?)timestamp, Language = language, Body = document.RootElement.Clone() };
    }

    private static BotEvent.Message Message(Members body, string dialogId, string project, string reseller, string callback)
    {
        var text = body.Text("text", MostBytes) ?? throw new EventException("text", "text is required");
        var confidence = body.Number("confidence");
        if (confidence > 100) throw new EventException("confidence", "confidence is 0 to 100");
        return new BotEvent.Message { DialogId = dialogId, ProjectToken = project, ResellerToken = reseller, Callback = callback, Type = body.Text("type", 64) ?? "SPEECH", Text = text, Confidence = confidence, Vendor = body.Text("vendor", 64) };
    }

    private static string AnswerName(Members body)
        => body["type"] is { ValueKind: JsonValueKind.Object } type && new Members(type).Text("name", 64) is { Length: > 0 } name ? name : throw new EventException("type", "type.name is required");

    private static string RecordingId(Members body)
    {
        var id = body.Text("recordingId", 50) ?? "default";
        return Texts.IsPathName(id) ? id : throw new EventException("recordingId", "recordingId is not one");
    }

    private static string Project(Members context, string name)
        => context[name] is { ValueKind: JsonValueKind.String } value && Members.String(value) is { } text && Texts.IsPathName(text) ? text : throw new EventException("projectContext", $"The {name} is required in projectContext!");

    private static string Callback(string text, EventRules rules)
    {
        var callback = Texts.ReadCallback(text) ?? throw new EventException("callback", "callback is not an address");
        var allowed = rules.Callbacks is { } listed ? listed.Any(one => Texts.ReadCallback(one)?.Origin == callback.Origin) : callback.Secure || callback.Loopback;
        return allowed ? callback.Address : throw new EventException("callback", rules.Callbacks is null ? "callback is not https" : "callback is not one of the allowed addresses");
    }

    private static string? Token(Members body, string? inHeader, bool optional)
    {
        var member = body["authToken"];
        var inBody = member is { ValueKind: JsonValueKind.String } value ? Members.String(value) : null;
        if ((member is not null && !Texts.IsToken(inBody)) || (inHeader is not null && !Texts.IsToken(inHeader))) throw new EventException("authToken", "authToken is not a token");
        // Two tokens that differ: which one a reader takes would be chance.
        if (inBody is not null && inHeader is not null && inBody != inHeader) throw new EventException("authToken", "authToken and X-Dialog-Token differ");
        return inBody ?? inHeader ?? (optional ? null : throw new EventException("authToken", "authToken is required"));
    }

    private static JsonDocument Parse(ReadOnlyMemory<byte> rawBody)
    {
        try
        {
            if (rawBody.Length <= MostBytes && Utf8.IsValid(rawBody.Span))
            {
                var read = JsonDocument.Parse(rawBody, Options);
                if (read.RootElement.ValueKind == JsonValueKind.Object) return read;
                read.Dispose();
            }
        }
        catch (JsonException)
        {
            // told below
        }

        throw new EventException("body", "body is not valid json.");
    }
}
