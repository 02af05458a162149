using System.Text;
using System.Text.Json;
using Dapper;
using Gatehouse.Keys;
using Gatehouse.Storage;
using Gatehouse.Wire.Cas;

namespace Gatehouse.Protocols.Cas;

/// <summary>What a service ticket stands for.</summary>
/// <param name="Service">Service address that it was issued for, exactly.</param>
/// <param name="Client">The application.</param>
/// <param name="User">User id.</param>
/// <param name="Session">Session id.</param>
/// <param name="Fresh">Whether the person had just proven who they are (<c>renew</c>).</param>
internal sealed record Visit(string Service, string Client, string User, string Session, bool Fresh);

/// <summary>Service tickets, kept as keyed hashes: good once, for the time that the specification wants (3.1.1). Used ones are remembered, sealed, until their session ends, so that the application can be told.</summary>
public sealed class Tickets(Database database, Sealer sealer, TimeProvider time)
{
    private const string Purpose = "cas visit";
    private static readonly TimeSpan Life = TimeSpan.FromSeconds(60);

    private sealed record Told(string Ticket, string Service);

    /// <summary>Issues a ticket.</summary>
    internal async Task<string> IssueAsync(string realm, Visit visit, CancellationToken stop)
    {
        var ticket = CasTicket.New();
        var row = new { id = Hash(ticket), realm, body = sealer.Seal(Purpose, JsonSerializer.SerializeToUtf8Bytes(visit)), ends = (time.GetUtcNow() + Life).ToUnixTimeMilliseconds() };
        await database.WriteAsync(async work =>
        {
            await work.Connection.ExecuteAsync("delete from cas_tickets where ends_at < @Now", new { work.Now }, work.Transaction);
            return await work.Connection.ExecuteAsync("insert into cas_tickets (id, realm, body, ends_at) values (@id, @realm, @body, @ends)", row, work.Transaction);
        }, stop);
        return ticket;
    }

    /// <summary>Takes a ticket: null when it is unknown, used, too old or another realm's.</summary>
    internal async Task<Visit?> TakeAsync(string realm, string ticket, CancellationToken stop)
    {
        if (!CasTicket.IsSound(ticket)) return null;
        var row = await database.WriteAsync(work => work.Connection.QuerySingleOrDefaultAsync<(byte[]? Body, long Ends)>("delete from cas_tickets where id = @id and realm = @realm returning body, ends_at", new { id = Hash(ticket), realm }, work.Transaction), stop);
        return row.Body is not null && row.Ends > time.GetUtcNow().ToUnixTimeMilliseconds() && sealer.TryOpen(Purpose, row.Body, out var plain) ? JsonSerializer.Deserialize<Visit>(plain) : null;
    }

    /// <summary>Remembers a ticket that was taken, until its session ends.</summary>
    internal Task RememberAsync(string realm, string ticket, Visit visit, DateTimeOffset until, CancellationToken stop) => database.WriteAsync(async work =>
    {
        await work.Connection.ExecuteAsync("delete from cas_visits where ends_at < @Now", new { work.Now }, work.Transaction);
        return await work.Connection.ExecuteAsync("insert into cas_visits (id, realm, session_id, body, ends_at) values (@id, @realm, @session, @body, @ends) on conflict do nothing",
            new { id = Hash(ticket), realm, session = visit.Session, body = sealer.Seal(Purpose, JsonSerializer.SerializeToUtf8Bytes(new Told(ticket, visit.Service))), ends = until.ToUnixTimeMilliseconds() }, work.Transaction);
    }, stop);

    /// <summary>Takes the tickets that applications have of a session: once, on whichever node.</summary>
    internal async Task<IReadOnlyList<(string Ticket, string Service)>> TakeAllAsync(string realm, string session, CancellationToken stop)
    {
        var any = await database.ReadAsync(connection => connection.ExecuteScalarAsync<long>("select count(*) from cas_visits where realm = @realm and session_id = @session", new { realm, session }), stop);
        if (any == 0) return [];
        var rows = await database.WriteAsync(async work => (await work.Connection.QueryAsync<byte[]>("delete from cas_visits where realm = @realm and session_id = @session returning body", new { realm, session }, work.Transaction)).AsList(), stop);
        return [.. rows.Select(row => sealer.TryOpen(Purpose, row, out var plain) ? JsonSerializer.Deserialize<Told>(plain) : null).OfType<Told>().Select(one => (one.Ticket, one.Service))];
    }

    private string Hash(string ticket) => Convert.ToHexStringLower(sealer.Hash("cas ticket", Encoding.UTF8.GetBytes(ticket)));
}
