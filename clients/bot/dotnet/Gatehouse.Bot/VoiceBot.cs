using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;

namespace Gatehouse.Bot;

/// <summary>What a bot is made of. At least one of <see cref="BotTokens"/> and <see cref="Secrets"/> is needed: a bot that believes everybody is not made.</summary>
public sealed record BotRules : DialogRules
{
    /// <summary>What the platform sends as <c>Authorization: Bearer</c>; several while it changes.</summary>
    public IReadOnlyList<string> BotTokens { get; init; } = [];

    /// <summary>Secrets that sign events (<c>whsec_…</c>); several while they rotate. With them, an event without a right signature is refused.</summary>
    public IReadOnlyList<string> Secrets { get; init; } = [];

    /// <summary>A dialog begins.</summary>
    public Func<Dialog, BotEvent.Session, CancellationToken, Task<SessionAnswer>>? OnSession { get; init; }

    /// <summary>Something was said or typed.</summary>
    public Func<Dialog, BotEvent.Message, CancellationToken, Task>? OnMessage { get; init; }

    /// <summary>A prompt was answered.</summary>
    public Func<Dialog, BotEvent.Answer, CancellationToken, Task>? OnAnswer { get; init; }

    /// <summary>Nobody spoke.</summary>
    public Func<Dialog, BotEvent.Inactivity, CancellationToken, Task>? OnInactivity { get; init; }

    /// <summary>A recording changed.</summary>
    public Func<Dialog, BotEvent.Recording, CancellationToken, Task>? OnRecording { get; init; }

    /// <summary>The dialog is over.</summary>
    public Func<Dialog, BotEvent.Terminated, CancellationToken, Task>? OnTerminated { get; init; }

    /// <summary>What a handler threw, or why an event was refused. Never holds a token.</summary>
    public Action<Exception>? OnError { get; init; }

    /// <summary>Shows no secret.</summary>
    public override string ToString() => nameof(BotRules);
}

/// <summary>A bot's word on a session.</summary>
public enum SessionAnswer
{
    /// <summary>The bot takes it.</summary>
    Accept,

    /// <summary>The bot does not.</summary>
    Reject,
}

/// <summary>A request to a bot.</summary>
/// <param name="Method">HTTP method.</param>
/// <param name="Kind">What follows the bot's own path.</param>
/// <param name="Header">One value of a header by its name; null when it is missing.</param>
/// <param name="Body">The body, unread.</param>
public sealed record BotRequest(string Method, string Kind, Func<string, string?> Header, Stream Body);

/// <summary>A bot's answer.</summary>
/// <param name="Status">HTTP status.</param>
/// <param name="ContentType">Media type; null without a body.</param>
/// <param name="Text">Body.</param>
public sealed record BotAnswer(int Status, string? ContentType = null, string Text = "");

/// <summary>A bot that answers CVG's events as CVG expects: 200 ACCEPT to a session, 204 to the rest, 401, 415 and 400 with CVG's words. Serve it with <see cref="VoiceBotEndpoints.MapVoiceBot"/>.</summary>
public sealed partial class VoiceBot : IDisposable
{
    private const int Remembered = 10_000;

    private readonly BotRules rules;
    private readonly IReadOnlyList<byte[]> tokens;
    private readonly CancellationTokenSource ended = new();
    private readonly CancellationToken stop; // of handlers: a gateway that hangs up does not take back what was said
    private readonly Dictionary<string, Task<BotAnswer>> answers = new(StringComparer.Ordinal);
    private readonly Queue<string> order = new();

    /// <summary>Makes it; throws <see cref="ArgumentException"/> for rules that would let anybody in, or a text that is no secret.</summary>
    public VoiceBot(BotRules rules)
    {
        if (rules.BotTokens.Count + rules.Secrets.Count == 0) throw new ArgumentException("A bot needs a bot token or secrets: otherwise anybody may send it events.", nameof(rules));
        if (rules.BotTokens.Any(string.IsNullOrEmpty)) throw new ArgumentException("The bot token is empty.", nameof(rules));
        foreach (var secret in rules.Secrets) EventSignature.Key(secret);
        this.rules = rules;
        stop = ended.Token;
        tokens = [.. rules.BotTokens.Select(token => Hash($"Bearer {token}"))];
        Dialogs = new Dialogs(rules);
    }

    /// <summary>The dialogs it is in.</summary>
    public Dialogs Dialogs { get; }

    /// <summary>Answers a request, unless who asked is <paramref name="gone"/> before it was read.</summary>
    public async Task<BotAnswer> AnswerAsync(BotRequest request, CancellationToken gone = default)
    {
        if (request.Method != "POST") return Plain(405, "events are posted");
        var bearer = Hash(request.Header("authorization") ?? "");
        if (tokens.Count > 0 && !tokens.Aggregate(false, (found, token) => found | CryptographicOperations.FixedTimeEquals(token, bearer))) return Plain(401, "bot token is invalid!");
        if (!Json().IsMatch(request.Header("content-type") ?? "")) return Plain(415, "content-type is not supported. Please use application/json");
        if (await ReadAsync(request.Body, gone) is not { } body) return Plain(413, "the event is too large");
        if (rules.Secrets.Count == 0) return await TellAsync(request, body);
        var verdict = EventSignature.Verify(request.Header, body, rules.Secrets, rules.Time.GetUtcNow().ToUnixTimeSeconds());
        return verdict.Valid ? await OnceAsync(verdict.Id, () => TellAsync(request, body), gone) : Plain(401, $"event signature is invalid: {Word(verdict.Fault)}");
    }

    /// <summary>Ends what its handlers are at and forgets all tokens.</summary>
    public void Dispose()
    {
        ended.Cancel();
        ended.Dispose();
        Dialogs.Dispose();
    }

    // Sent again, since our answer was lost: the same answer, and no second greeting. What failed may be tried again.
    private async Task<BotAnswer> OnceAsync(string id, Func<Task<BotAnswer>> tell, CancellationToken gone)
    {
        Task<BotAnswer>? answer;
        var mine = new TaskCompletionSource<BotAnswer>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (answers)
        {
            if (!answers.TryGetValue(id, out answer))
            {
                answers[id] = mine.Task;
                order.Enqueue(id);
                if (order.Count > Remembered) answers.Remove(order.Dequeue());
            }
        }

        if (answer is not null) return await answer.WaitAsync(gone);
        var told = Plain(500, "the bot failed");
        try
        {
            return told = await tell();
        }
        finally
        {
            if (told.Status >= 300)
                lock (answers) answers.Remove(id);
            mine.SetResult(told);
        }
    }

    private async Task<BotAnswer> TellAsync(BotRequest request, byte[] body)
    {
        try
        {
            var heard = EventReading.Read(request.Kind, body, rules, request.Header("x-dialog-token"));
            var dialog = Dialogs.Accept(heard);
            if (heard is BotEvent.Session session)
            {
                var said = rules.OnSession is null ? SessionAnswer.Accept : await rules.OnSession(dialog, session, stop);
                return new BotAnswer(200, "application/json", $"{{\"action\":\"{(said == SessionAnswer.Reject ? "REJECT" : "ACCEPT")}\"}}");
            }

            await (heard switch
            {
                BotEvent.Message message => rules.OnMessage?.Invoke(dialog, message, stop),
                BotEvent.Answer answer => rules.OnAnswer?.Invoke(dialog, answer, stop),
                BotEvent.Inactivity inactivity => rules.OnInactivity?.Invoke(dialog, inactivity, stop),
                BotEvent.Recording recording => rules.OnRecording?.Invoke(dialog, recording, stop),
                BotEvent.Terminated terminated => rules.OnTerminated?.Invoke(dialog, terminated, stop),
                _ => null,
            } ?? Task.CompletedTask);
            return new BotAnswer(204);
        }
        catch (EventException wrong)
        {
            rules.OnError?.Invoke(wrong);
            return Plain(wrong.Member == "kind" ? 404 : 400, wrong.Message);
        }
        catch (Exception failed)
        {
            rules.OnError?.Invoke(failed);
            return Plain(500, "the bot failed");
        }
    }

    private static async Task<byte[]?> ReadAsync(Stream body, CancellationToken stop)
    {
        using var read = new MemoryStream();
        var buffer = new byte[16 * 1024];
        while (await body.ReadAsync(buffer, stop) is > 0 and var length)
        {
            if (read.Length + length > EventReading.MostBytes) return null;
            read.Write(buffer, 0, length);
        }

        return read.ToArray();
    }

    private static BotAnswer Plain(int status, string text) => new(status, "text/plain; charset=utf-8", text);

    // Hashes have one length: comparing them tells nothing of the token's.
    private static byte[] Hash(string text) => SHA256.HashData(Encoding.UTF8.GetBytes(text));

    private static string Word(SignatureFault fault) => Capital().Replace(fault.ToString(), "-$0").TrimStart('-').ToLowerInvariant();

    [GeneratedRegex(@"\Aapplication/json(?:\s*;.*)?\z", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex Json();

    [GeneratedRegex("[A-Z]", RegexOptions.NonBacktracking)]
    private static partial Regex Capital();
}
