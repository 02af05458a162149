using System.Text;
using System.Text.Json;
using Gatehouse.Bot;
using Xunit;

namespace Gatehouse.Tests.Bots;

/// <summary>tests/vectors/bot.json, which the kits of all languages keep to.</summary>
internal static class Vectors
{
    private static readonly JsonElement All = Read();

    public static TheoryData<string> Names(string list) => [.. All.GetProperty(list).EnumerateArray().Select(one => one.GetProperty("name").GetString()!)];

    public static IEnumerable<JsonElement> List(string list) => All.GetProperty(list).EnumerateArray();

    public static JsonElement One(string list, string name) => List(list).Single(one => one.GetProperty("name").GetString() == name);

    public static JsonElement? Member(this JsonElement json, string name) => json.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;

    public static string? Text(this JsonElement json, string name) => json.Member(name)?.GetString();

    public static IReadOnlyList<string> Texts(this JsonElement json, string name) => [.. json.GetProperty(name).EnumerateArray().Select(one => one.GetString()!)];

    public static IReadOnlyList<JsonElement> Items(this JsonElement json, string name) => [.. json.GetProperty(name).EnumerateArray()];

    /// <summary>The vector's rules, in the kit's form.</summary>
    public static DialogRules Rules(this JsonElement vector)
    {
        var rules = new DialogRules();
        if (vector.Member("rules") is not { } json) return rules;
        if (json.Member("tokenOptional") is { } optional) rules = rules with { TokenOptional = optional.GetBoolean() };
        if (json.Member("callbacks") is not null) rules = rules with { Callbacks = json.Texts("callbacks") };
        if (json.Member("retries") is { } retries) rules = rules with { Retries = retries.GetInt32() };
        if (json.Member("backoff") is { } backoff) rules = rules with { Backoff = TimeSpan.FromMilliseconds(backoff.GetInt32()) };
        if (json.Member("retryAfter") is { } after) rules = rules with { RetryAfter = after.GetBoolean() };
        if (json.Member("issuer") is { } issuer) rules = rules with { Issuer = issuer.GetString() };
        if (json.Member("headroom") is { } headroom) rules = rules with { Headroom = TimeSpan.FromMilliseconds(headroom.GetInt64()) };
        if (json.Member("silence") is { } silence) rules = rules with { Silence = TimeSpan.FromMilliseconds(silence.GetInt64()) };
        if (json.Member("after") is not null) rules = rules with { After = json.Texts("after") };
        Assert.Empty(json.EnumerateObject().Select(member => member.Name).Except(["tokenOptional", "callbacks", "retries", "backoff", "retryAfter", "issuer", "headroom", "silence", "after", "headerToken"]));
        return rules;
    }

    /// <summary>Body of an event of dialog d-1 at https://platform.example/v1.</summary>
    public static byte[] Body(string? token, JsonElement? timestamp = null, string callback = "https://platform.example/v1")
        => Encoding.UTF8.GetBytes($$"""{"dialogId":"d-1","projectContext":{"projectToken":"p-1","resellerToken":"r-1"},"callback":"{{callback}}","text":"x"{{(token is null ? "" : $",\"authToken\":\"{token}\"")}}{{(timestamp is null ? "" : $",\"timestamp\":{timestamp}")}}}""");

    private static JsonElement Read()
    {
        using var stream = typeof(Vectors).Assembly.GetManifestResourceStream("bot.json")!;
        using var document = JsonDocument.Parse(stream);
        return document.RootElement.Clone();
    }
}
