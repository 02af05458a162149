using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Gatehouse.Bot;

/// <summary>One dialog: where to call back and the newest token to do it with. The token stays inside; printing a dialog shows none. Safe to use from several threads.</summary>
public sealed partial class Dialog
{
    private readonly Lock door = new();
    private readonly Sender sender;
    private readonly DialogRules rules;
    private readonly Func<Dialog, bool> forgotten;
    private string callback;
    private string? token;
    private long order = long.MinValue;
    private volatile bool ended;
    private Task<bool>? renewal;

    internal Dialog(BotEvent first, Sender sender, DialogRules rules, Func<Dialog, bool> forgotten)
        => (Id, ProjectToken, ResellerToken, callback, this.sender, this.rules, this.forgotten) = (first.DialogId, first.ProjectToken, first.ResellerToken, first.Callback, sender, rules, forgotten);

    /// <summary>The dialog's id.</summary>
    public string Id { get; }

    /// <summary>Its project.</summary>
    public string ProjectToken { get; }

    /// <summary>Its reseller.</summary>
    public string ResellerToken { get; }

    /// <summary>Whether the platform said that the dialog is over.</summary>
    public bool Ended => ended;

    /// <summary>An operation of the call API, as <c>call/say</c> with a <c>text</c>; the dialog's id is added. Throws <see cref="CallException"/>, and <see cref="ArgumentException"/> for what is no operation.</summary>
    public async Task<CallAnswer> CallAsync(string operation, JsonObject? body = null, CancellationToken stop = default)
    {
        if (!Operation().IsMatch(operation)) throw new ArgumentException($"'{operation}' is no operation: it is written as call/say or call/recording/start.", nameof(operation));
        var sent = body?.DeepClone().AsObject() ?? [];
        if (sent["dialogId"] is { } named && !(named is JsonValue value && value.TryGetValue(out string? text) && text == Id)) throw new CallException("dialog.other", "the body names another dialog");
        sent["dialogId"] = Id;
        return await AskAsync("call", HttpMethod.Post, $"/{operation}", sent, stop);
    }

    /// <summary>Says a text.</summary>
    public Task<CallAnswer> SayAsync(string text, CancellationToken stop = default) => CallAsync("call/say", new JsonObject { ["text"] = text }, stop);

    /// <summary>Hangs up.</summary>
    public Task<CallAnswer> EndAsync(CancellationToken stop = default) => CallAsync("call/drop", stop: stop);

    /// <summary>Keeps data with the dialog's history.</summary>
    public Task<CallAnswer> DataAsync(IReadOnlyDictionary<string, string> data, CancellationToken stop = default)
        => AskAsync("data", HttpMethod.Post, $"{Path}/data", new JsonObject { ["data"] = new JsonObject(data.Select(one => KeyValuePair.Create(one.Key, (JsonNode?)JsonValue.Create(one.Value)))) }, stop);

    /// <summary>The dialog's history.</summary>
    public Task<CallAnswer> HistoryAsync(CancellationToken stop = default) => AskAsync("history", HttpMethod.Get, Path, null, stop);

    /// <summary>Deletes the dialog's history.</summary>
    public Task<CallAnswer> DeleteAsync(CancellationToken stop = default) => AskAsync("delete", HttpMethod.Delete, Path, null, stop);

    /// <summary>Downloads a recording, also after the dialog's end while the project's headroom lasts. Dispose the download.</summary>
    public async Task<Download> RecordingAsync(string id = "default", CancellationToken stop = default)
    {
        if (!Texts.IsPathName(id, 50)) throw new ArgumentException("A recording id is 1 to 50 of A-Z, a-z, 0-9, '.', '_', ':', '-'.", nameof(id));
        var answer = await SendAsync("recording", HttpMethod.Get, $"/recording/{ResellerToken}/{Id}/{id}", null, stop);
        if (answer.IsSuccessStatusCode) return new Download(answer, await answer.Content.ReadAsStreamAsync(stop));
        using (answer) throw await RefusedAsync(answer, stop);
    }

    /// <summary>Changes the token for a fresh one at the issuer. True when it did; several who ask at once share one request.</summary>
    public Task<bool> RenewAsync(CancellationToken stop = default)
    {
        lock (door)
        {
            if (renewal is null or { IsCompleted: true }) renewal = RenewOnceAsync();
            // One who leaves does not take the renewal from the others.
            return renewal.WaitAsync(stop);
        }
    }

    /// <summary>Names the dialog, never its token.</summary>
    public override string ToString() => $"dialog {Id}{(Ended ? ", ended" : "")}";

    /// <summary>Takes what an event brings: its token counts unless the event is older than the one we have.</summary>
    internal void Hear(BotEvent heard)
    {
        lock (door)
        {
            if (heard is BotEvent.Terminated) ended = true;
            if ((heard.Timestamp ?? order) < order) return;
            order = heard.Timestamp ?? order;
            callback = heard.Callback;
            token = heard.AuthToken ?? token;
        }
    }

    internal void Forget()
    {
        lock (door) token = null;
    }

    private string Path => $"/dialog/{ResellerToken}/{Id}";

    private async Task<CallAnswer> AskAsync(string name, HttpMethod method, string path, JsonNode? json, CancellationToken stop)
    {
        using var answer = await SendAsync(name, method, path, json, stop);
        if (!answer.IsSuccessStatusCode) throw await RefusedAsync(answer, stop);
        return new CallAnswer((int)answer.StatusCode, await sender.ReadAsync(answer, stop));
    }

    private async Task<HttpResponseMessage> SendAsync(string name, HttpMethod method, string path, JsonNode? json, CancellationToken stop)
    {
        if (forgotten(this)) throw new CallException("dialog.forgotten", "the dialog is over and forgotten");
        if (ended && !rules.After.Contains(name, StringComparer.Ordinal)) throw new CallException("dialog.ended", $"the dialog has ended: {name} is not allowed any more");
        var (to, used) = Now();
        var answer = await sender.SendAsync(method, to + path, used, json, stop);
        if ((int)answer.StatusCode != 401 || used is null) return answer;
        // An event may have brought a newer token meanwhile; else the issuer is asked, once.
        if (Now().Token == used && !(rules.Issuer is not null && await RenewAsync(stop))) return answer;
        if (Now() is not { Token: { } fresh } now) return answer;
        answer.Dispose();
        return await sender.SendAsync(method, now.Callback + path, fresh, json, stop);
    }

    private (string Callback, string? Token) Now()
    {
        lock (door) return (callback, token);
    }

    private async Task<CallException> RefusedAsync(HttpResponseMessage answer, CancellationToken stop)
        => new("status", $"the platform answered {(int)answer.StatusCode}", (int)answer.StatusCode, await sender.ReadAsync(answer, stop));

    private async Task<bool> RenewOnceAsync()
    {
        if (rules.Issuer is null || Now().Token is not { } used) return false;
        try
        {
            using var answer = await sender.SendAsync(HttpMethod.Post, $"{Texts.ReadCallback(rules.Issuer)!.Address}/dialogs/{Id}/token", used, new JsonObject(), CancellationToken.None);
            if (await sender.ReadAsync(answer, CancellationToken.None) is not JsonObject told || !answer.IsSuccessStatusCode) return false;
            if (told["token"] is not JsonValue value || !value.TryGetValue(out string? fresh) || !Texts.IsToken(fresh)) return false;
            lock (door) token = token == used ? fresh : token; // else an event was quicker, and its token is as new
            return true;
        }
        catch (CallException)
        {
            return false;
        }
    }

    [GeneratedRegex(@"\Acall(?:/[A-Za-z0-9-]{1,40}){1,4}\z", RegexOptions.NonBacktracking)]
    private static partial Regex Operation();
}

/// <summary>What an operation answered.</summary>
/// <param name="Status">HTTP status.</param>
/// <param name="Body">JSON of the answer; null for 204. A bridge tells <c>status</c>: <c>Success</c> or <c>Failure</c>.</param>
public sealed record CallAnswer(int Status, JsonNode? Body);

/// <summary>A recording on its way.</summary>
public sealed class Download : IDisposable
{
    private readonly HttpResponseMessage answer;

    internal Download(HttpResponseMessage answer, Stream stream) => (this.answer, Stream) = (answer, stream);

    /// <summary>Its media type.</summary>
    public string ContentType => answer.Content.Headers.ContentType?.ToString() ?? "application/octet-stream";

    /// <summary>Its bytes.</summary>
    public Stream Stream { get; }

    /// <summary>Ends the download.</summary>
    public void Dispose() => answer.Dispose();
}
