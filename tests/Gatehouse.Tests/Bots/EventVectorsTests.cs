using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using FsCheck;
using FsCheck.Fluent;
using Gatehouse.Bot;
using Xunit;

namespace Gatehouse.Tests.Bots;

/// <summary>The .NET kit's reading of signatures and events, held to the shared vectors.</summary>
public sealed class EventVectorsTests
{
    public static TheoryData<string> Signatures => Vectors.Names("signatures");

    public static TheoryData<string> Events => Vectors.Names("events");

    [Theory, MemberData(nameof(Signatures))]
    public void Signatures_are_judged_as_the_vectors_say(string name)
    {
        var vector = Vectors.One("signatures", name);
        var body = Encoding.UTF8.GetBytes(vector.Text("body")!);
        var secrets = vector.Texts("secrets");
        var verdict = EventSignature.Verify(header => vector.Text(header["webhook-".Length..]), body, secrets, vector.GetProperty("now").GetInt64());
        var word = Regex.Replace(verdict.Fault.ToString(), "(?<=.)[A-Z]", "-$0").ToLowerInvariant();
        Assert.Equal(vector.Text("expect"), verdict.Valid ? "valid" : word);
        if (verdict.Valid) Assert.Contains(secrets, secret => vector.Text("signature")!.Split(' ').Contains(EventSignature.Sign(secret, verdict.Id, verdict.Timestamp, body)));
    }

    [Fact]
    public void What_the_gate_signs_the_kit_believes_while_either_secret_rotates()
    {
        string[] secrets = [.. new byte[] { 1, 2 }.Select(one => "whsec_" + Convert.ToBase64String(Enumerable.Repeat(one, 32).ToArray()))];
        var body = Vectors.Body("gtdialog_t1");
        var signature = Gatehouse.Dialogs.EventSignature.Sign(secrets, "evt_1", 1760000000, body);
        foreach (var secret in secrets)
        {
            var verdict = EventSignature.Verify(name => name == "webhook-id" ? "evt_1" : name == "webhook-timestamp" ? "1760000000" : signature, body, [secret], 1760000000);
            Assert.True(verdict.Valid, verdict.ToString());
        }
    }

    [Fact]
    public void Secrets_are_such_as_the_vectors_say_and_no_error_tells_one()
    {
        foreach (var vector in Vectors.List("secrets"))
        {
            var secret = vector.Text("secret")!;
            var thrown = Record.Exception(() => EventSignature.Verify(_ => null, default, [secret], 0));
            Assert.True(vector.GetProperty("ok").GetBoolean() == thrown is null, secret);
            if (thrown is null) continue;
            Assert.IsType<ArgumentException>(thrown);
            Assert.False(secret.Length >= 8 && thrown.Message.Contains(secret, StringComparison.Ordinal));
        }
    }

    [Theory, MemberData(nameof(Events))]
    public void Events_are_read_as_the_vectors_say(string name)
    {
        var vector = Vectors.One("events", name);
        var body = Encoding.UTF8.GetBytes(vector.Text("text") ?? vector.GetProperty("body").GetRawText());
        BotEvent Read() => EventReading.Read(vector.Text("kind")!, body, vector.Rules(), vector.Member("rules")?.Text("headerToken"));
        if (vector.Text("refused") is { } member)
        {
            var thrown = Assert.Throws<EventException>(Read);
            Assert.Equal(member, thrown.Member);
            if (vector.Text("says") is { } says) Assert.Equal(says, thrown.Message);
            return;
        }

        var read = Read();
        Assert.Equal(JsonValueKind.Object, read.Body.ValueKind);
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(vector.GetProperty("event").GetRawText()), Shape(read)), $"{Shape(read)}\n{vector.GetProperty("event")}");
        Assert.DoesNotContain("gtdialog", read.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Whatever_the_bytes_an_event_is_read_or_refused()
    {
        var seed = """{"dialogId":"d\u002d1","projectContext":{"projectToken":"p","resellerToken":"r"},"callback":"https://a.example:1/v1/","authToken":"t","timestamp":1e3,"text":"\ud83d\ude00","type":{"name":"x"},"customSipHeaders":{"x-a":["b"]}}"""u8.ToArray();
        var edits = Gen.Two(Gen.Choose(0, seed.Length - 1)).SelectMany(_ => Gen.Choose(0, 255), (at, value) => (at.Item1, at.Item2, value)).ArrayOf(3).ToArbitrary();
        Prop.ForAll(edits, changes =>
        {
            var text = seed.ToArray();
            foreach (var (to, from, value) in changes) text[to] = value < 128 ? text[from] : (byte)(value - 128);
            foreach (var kind in (string[])["session", "message", "answer", "terminated"])
            {
                try
                {
                    var read = EventReading.Read(kind, text);
                    Assert.Matches(@"\A[A-Za-z0-9._:-]{1,64}\z", read.DialogId);
                    Assert.True(Uri.TryCreate(read.Callback, UriKind.Absolute, out var address) && address.UserInfo.Length == 0 && address.Query.Length == 0 && (address.Scheme == "https" || address.IsLoopback), read.Callback);
                    Assert.True(read.AuthToken is not null || read is BotEvent.Terminated);
                    Assert.DoesNotContain(read.AuthToken ?? "", c => c is < '!' or > '~');
                }
                catch (EventException refused)
                {
                    Assert.NotEmpty(refused.Member);
                }
            }
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(3000));
    }

    [Fact]
    public void What_is_too_large_is_refused()
        => Assert.Equal("body", Assert.Throws<EventException>(() => EventReading.Read("message", Encoding.UTF8.GetBytes("{}" + new string(' ', EventReading.MostBytes)))).Member);

    // The event in the form of the vectors.
    private static JsonObject Shape(BotEvent read)
    {
        var shape = new JsonObject
        {
            ["kind"] = read.GetType().Name.ToLowerInvariant(), ["dialogId"] = read.DialogId, ["projectToken"] = read.ProjectToken, ["resellerToken"] = read.ResellerToken, ["callback"] = read.Callback,
            ["authToken"] = read.AuthToken, ["timestamp"] = read.Timestamp, ["language"] = read.Language,
        };
        (string, JsonNode?)[] more = read switch
        {
            BotEvent.Session session => [("callType", session.CallType), ("customSipHeaders", JsonSerializer.SerializeToNode(session.CustomSipHeaders)), ("customDialogData", JsonSerializer.SerializeToNode(session.CustomDialogData))],
            BotEvent.Message message => [("type", message.Type), ("text", message.Text), ("confidence", message.Confidence), ("vendor", message.Vendor)],
            BotEvent.Answer answer => [("answer", answer.Name)],
            BotEvent.Inactivity inactivity => [("duration", inactivity.Duration)],
            BotEvent.Recording recording => [("recordingId", recording.RecordingId), ("status", recording.Status)],
            _ => [],
        };
        foreach (var (name, value) in more) shape[name] = value;
        foreach (var name in shape.Where(member => member.Value is null).Select(member => member.Key).ToList()) shape.Remove(name);
        return shape;
    }
}
