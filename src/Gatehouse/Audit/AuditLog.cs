using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using System.Threading.Channels;
using Dapper;
using Gatehouse.Storage;

namespace Gatehouse.Audit;

/// <summary>Writes and reads audit events.</summary>
public sealed class AuditLog(Database database, TimeProvider time)
{
    private const int MostWaiting = 20_000;
    private static readonly Statement Insert = new(
        """
        insert into audit_events (at, realm, type, client, user_id, session_id, address, error, resource, details)
        values (@At, @Realm, @Type, @Client, @User, @Session, @Address, @Error, @Resource, @Details)
        """, "At", "Realm", "Type", "Client", "User", "Session", "Address", "Error", "Resource", "Details");

    private readonly Channel<Row> noted = Channel.CreateBounded<Row>(new BoundedChannelOptions(MostWaiting) { SingleReader = true, FullMode = BoundedChannelFullMode.Wait });
    private readonly List<Row> pending = [];
    private readonly FloodSampling<(string Realm, string Type, string Error, UInt128 Network, string User)> refusals = new();
    private long lost;

    /// <summary>Writes within a transaction: the event is there exactly when the change is.</summary>
    public Task WriteAsync(Work work, AuditEvent what) => InsertAsync(work, Flat(what));

    /// <summary>Queues an event that belongs to no transaction (a refusal at the gate). Bounded; what overflows is counted and reported, never silent.</summary>
    public void Note(AuditEvent what)
    {
        if (!noted.Writer.TryWrite(Flat(what))) Interlocked.Increment(ref lost);
    }

    /// <summary>As <see cref="Note"/>, of what anybody may cause as often as they like: of one kind from one network and of one person the first twenty of a minute, then a sample that tells how many it stands for (<c>stands_for</c>). The client counts for nothing: strangers name whom they please.</summary>
    public void NoteRefusal(AuditEvent what)
    {
        var stands = refusals.Take((what.Realm, what.Type, what.Error ?? "", NetworkOf(what.Address), what.User ?? ""), time.GetUtcNow());
        if (stands == 0) return;
        Note(stands == 1 ? what : what with { Details = new Dictionary<string, string>(what.Details ?? new Dictionary<string, string>()) { ["stands_for"] = stands.ToString(CultureInfo.InvariantCulture) } });
    }

    /// <summary>A page, newest first.</summary>
    public async Task<AuditPage> ListAsync(AuditQuery query, CancellationToken stop)
    {
        var limit = Math.Clamp(query.Limit, 1, 500);
        long? before = query.Before is null ? null : long.TryParse(query.Before, out var cursor) ? cursor : throw new ArgumentException("The cursor is not one of this list.");
        var rows = await database.ReadAsync(async connection => (await connection.QueryAsync<Stored>(
            $"""
            select id, at, realm, type, client, user_id as User, session_id as Session, address, error, resource, details from audit_events
            where realm = @Realm
              {(query.Type is null ? "" : "and type = @Type")} {(query.User is null ? "" : "and user_id = @User")} {(query.Client is null ? "" : "and client = @Client")}
              {(query.Changes is null ? "" : query.Changes.Value ? "and resource is not null" : "and resource is null")} {(before is null ? "" : "and id < @before")}
            order by id desc limit @take
            """,
            new { query.Realm, query.Type, query.User, query.Client, before, take = limit + 1 })).AsList(), stop);
        var page = rows.Take(limit).Select(row => row.ToEvent()).ToList();
        return new AuditPage(page, rows.Count > limit ? page[^1].Id : null);
    }

    /// <summary>Writes everything noted so far; the background writer and shutdown call it.</summary>
    internal async Task FlushAsync(CancellationToken stop)
    {
        while (true)
        {
            // What could not be written the last time is still here and goes first.
            while (pending.Count < 500 && noted.Reader.TryRead(out var row)) pending.Add(row);
            if (Interlocked.Exchange(ref lost, 0) is > 0 and var count)
                pending.Add(Flat(new AuditEvent { Realm = "", Type = AuditTypes.Overflow, Details = new Dictionary<string, string> { ["lost"] = count.ToString() } }));
            if (pending.Count == 0) return;
            await database.WriteAsync(async work =>
            {
                foreach (var row in pending) await InsertAsync(work, row);
                return true;
            }, stop);
            pending.Clear();
        }
    }

    internal ValueTask<bool> WaitAsync(CancellationToken stop) => noted.Reader.WaitToReadAsync(stop);

    internal Task<int> PruneAsync(DateTimeOffset before, CancellationToken stop)
        => database.WriteAsync(work => work.Connection.ExecuteAsync(
            "delete from audit_events where id in (select id from audit_events where at < @at order by id limit 1000)", new { at = before.ToUnixTimeMilliseconds() }, work.Transaction), stop);

    // /24 and /56: one stranger has many addresses of one network.
    private static UInt128 NetworkOf(string? address)
    {
        if (!IPAddress.TryParse(address, out var parsed)) return UInt128.Zero;
        Span<byte> bytes = stackalloc byte[16];
        parsed.MapToIPv6().TryWriteBytes(bytes, out _);
        bytes[(parsed.AddressFamily == AddressFamily.InterNetwork || parsed.IsIPv4MappedToIPv6 ? 15 : 7)..].Clear();
        return BinaryPrimitives.ReadUInt128BigEndian(bytes);
    }

    private static Task InsertAsync(Work work, Row row)
        => Insert.ExecuteAsync(work, row.At, row.Realm, row.Type, row.Client, row.User, row.Session, row.Address, row.Error, row.Resource, row.Details);

    // Much of an event was sent by strangers: cleaned here, or one NUL in a client id would keep the whole batch out of PostgreSQL.
    private Row Flat(AuditEvent what)
        => new(time.GetUtcNow().ToUnixTimeMilliseconds(), Clean(what.Realm), Clean(what.Type), Clean(what.Client), Clean(what.User), Clean(what.Session), Clean(what.Address), Clean(what.Error), Clean(what.Resource),
            what.Details is null ? null : JsonSerializer.Serialize(what.Details.Take(32).ToDictionary(one => StoredText.Clean(one.Key, 64), one => StoredText.Clean(one.Value, 1024))));

    [return: System.Diagnostics.CodeAnalysis.NotNullIfNotNull(nameof(text))]
    private static string? Clean(string? text) => text is null ? null : StoredText.Clean(text, 512);

    private sealed record Row(long At, string Realm, string Type, string? Client, string? User, string? Session, string? Address, string? Error, string? Resource, string? Details);

    private sealed class Stored
    {
        public long Id { get; init; }

        public long At { get; init; }

        public string Realm { get; init; } = "";

        public string Type { get; init; } = "";

        public string? Client { get; init; }

        public string? User { get; init; }

        public string? Session { get; init; }

        public string? Address { get; init; }

        public string? Error { get; init; }

        public string? Resource { get; init; }

        public string? Details { get; init; }

        public StoredAuditEvent ToEvent() => new(Id.ToString(), DateTimeOffset.FromUnixTimeMilliseconds(At), new AuditEvent
        {
            Realm = Realm, Type = Type, Client = Client, User = User, Session = Session, Address = Address, Error = Error, Resource = Resource,
            Details = Details is null ? null : JsonSerializer.Deserialize<Dictionary<string, string>>(Details),
        });
    }
}
