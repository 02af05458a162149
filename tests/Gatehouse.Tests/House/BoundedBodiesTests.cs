using System.Collections.Immutable;
using System.Text;
using Gatehouse.Federation;
using Gatehouse.Storage;
using Gatehouse.Tests.Kits;
using Xunit;

namespace Gatehouse.Tests.House;

/// <summary>No address of identity takes more than it needs from whoever sends it: not without a length, not in many fields, not as files, not slowly.</summary>
public sealed class BoundedBodiesTests(DeskFixture fixture) : IClassFixture<DeskFixture>, IAsyncLifetime
{
    private const string Form = "application/x-www-form-urlencoded";
    private const string Realm = $"/realms/{Desk.Realm}";

    /// <summary>Every address that reads a form or a body of a stranger.</summary>
    public static TheoryData<string> Addresses =>
    [
        $"{Realm}/sign-in", $"{Realm}/sign-in/code?i=x&back=/x", $"{Realm}/sign-out", $"{Realm}/seat?i=x&back=/x", $"{Realm}/broker/any/endpoint", $"{Realm}/protocol/saml", $"{Realm}/protocol/openid-connect/auth", $"{Realm}/protocol/openid-connect/logout",
        $"{Realm}/protocol/openid-connect/token", $"{Realm}/protocol/openid-connect/token/introspect", $"{Realm}/protocol/openid-connect/revoke", $"{Realm}/protocol/openid-connect/ext/par/request", $"{Realm}/authz/protection/resource_set", $"/admin/realms/{Desk.Realm}/users",
    ];

    // A provider that a browser may come back from.
    public async ValueTask InitializeAsync()
    {
        var upstreams = fixture.Desk.Part<Upstreams>();
        if (upstreams.Find(Desk.Realm, "any") is null)
            await fixture.Desk.Part<Database>().WriteAsync(work => upstreams.AddAsync(work, new Upstream { Id = "any", Realm = Desk.Realm, Alias = "any", Kind = "google", Config = ImmutableDictionary<string, string>.Empty.Add("clientId", "x") }), default);
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Theory]
    [MemberData(nameof(Addresses))]
    public async Task A_body_without_an_end_is_answered_after_a_little_of_it(string path)
    {
        using var log = new HeardLog(fixture.Desk);
        var (status, answer, sent) = await RawPost.ChunkedAsync(fixture.Desk, path, Form, Pieces("a="u8.ToArray(), "aaaaaaaaaaaaaaaa"), end: false);
        Assert.True(status is >= 400 and < 500, answer);

        // What the sockets on both sides hold comes on top of what is read.
        Assert.InRange(sent, 0, 12 << 20);
        Assert.Empty(log.Bad);
    }

    [Theory]
    [MemberData(nameof(Addresses))]
    public async Task Files_are_not_taken(string path)
    {
        using var log = new HeardLog(fixture.Desk);
        var before = Files();
        var head = "--x\r\nContent-Disposition: form-data; name=\"f\"; filename=\"f\"\r\nContent-Type: application/octet-stream\r\n\r\n"u8.ToArray();
        var (status, answer, sent) = await RawPost.ChunkedAsync(fixture.Desk, path, "multipart/form-data; boundary=x", Pieces(head, "aaaaaaaaaaaaaaaa"), end: false);
        Assert.True(status is >= 400 and < 500, answer);
        Assert.InRange(sent, 0, 12 << 20);
        Assert.Empty(Files().Except(before));
        Assert.Empty(log.Bad);
    }

    [Theory]
    [MemberData(nameof(Addresses))]
    public async Task Long_values_many_values_and_broken_forms_are_a_clean_refusal(string path)
    {
        using var log = new HeardLog(fixture.Desk);
        string[] bodies = ["mark=" + new string('a', 5000), string.Join('&', Enumerable.Range(0, 1500).Select(i => $"f{i}=1")), "mark=%zz&x=%", "mark=\u00ff\u00fe", "mark=a%00b", "mark=a&mark=b", new string('k', 3000) + "=1", new string('&', 4000), "=", ""];
        foreach (var body in bodies)
        {
            var (status, answer, _) = await RawPost.ChunkedAsync(fixture.Desk, path, Form, [.. body.Length == 0 ? (IEnumerable<byte[]>)[] : [Encoding.Latin1.GetBytes(body)]]);
            Assert.True(status is >= 400 and < 500 || status is >= 300 and < 400, $"{body[..Math.Min(20, body.Length)]}: {answer}");
            Assert.True(log.Bad.Count == 0, $"{body[..Math.Min(20, body.Length)]}: {string.Join('\n', log.Bad)}");
        }
    }

    [Fact]
    public async Task Half_a_body_holds_a_connection_for_seconds_only()
    {
        using var log = new HeardLog(fixture.Desk);
        var statuses = await Task.WhenAll(Addresses.Select(one => RawPost.HalfAsync(fixture.Desk, one.Data, Form, "a=b", 4000)));
        Assert.All(statuses, status => Assert.InRange(status, 400, 499));
        Assert.Empty(log.Bad);
    }

    private static string[] Files() => Directory.GetFiles(Path.GetTempPath(), "ASPNETCORE_*");

    // 64 MiB: nobody has that much to say.
    private static IEnumerable<byte[]> Pieces(byte[] first, string of)
    {
        yield return first;
        var piece = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat(of, 1024)));
        for (var i = 0; i < 4096; i++) yield return piece;
    }
}
