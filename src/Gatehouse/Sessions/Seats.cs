using System.Text.RegularExpressions;
using Dapper;
using Gatehouse.Audit;
using Gatehouse.Storage;

namespace Gatehouse.Sessions;

/// <summary>How a claim for a seat ended.</summary>
public enum SeatClaim
{
    /// <summary>The session has the extension now.</summary>
    Taken,

    /// <summary>Somebody else's live session has it.</summary>
    Busy,

    /// <summary>The text is no extension.</summary>
    Invalid,

    /// <summary>The session has ended.</summary>
    Over,
}

/// <summary>
/// Seats: one extension of a realm held by one live session, wherever its owner came in, and one for each person. The table is the truth, its key decides between two who come at once, on any node; a seat ends with its session in the same transaction, and one whose
/// session is over counts no more, whether or not somebody cleared it away (decision 0013).
/// </summary>
public sealed partial class Seats(Database database, AuditLog audit)
{
    // Other nodes write uses late: a session that looks idle here may just not have been told of yet. As SessionStore's.
    private static readonly long Late = (long)TimeSpan.FromMinutes(5).TotalMilliseconds;

    // More sessions of one person that claim in one moment are no person's.
    private const int Tries = 20;

    private const string Lives = "exists (select 1 from sessions s where s.realm = seats.realm and s.id = seats.session_id and s.ends_at > @now and s.idle_ends_at > @late)";

    private static readonly Statement OfUser = new("select session_id, extension from seats where realm = @realm and user_id = @user order by taken_at desc limit 1", "realm", "user");
    private static readonly Statement Hold = new("update sessions set user_id = user_id where realm = @realm and id = @id", "realm", "id");
    private static readonly Statement Others = new($"select 1 from seats where realm = @realm and extension = @extension and user_id <> @user and {Lives} limit 1", "realm", "extension", "user", "now", "late");
    private static readonly Statement Losers = new($"select 1 from seats where realm = @realm and session_id <> @id and (user_id = @user or (extension = @extension and not {Lives})) limit 1", "realm", "id", "user", "extension", "now", "late");
    private static readonly Statement Leave = new("delete from seats where realm = @realm and session_id = @id and extension <> @extension", "realm", "id", "extension");
    private static readonly Statement Sit = new("insert into seats (realm, extension, session_id, user_id, taken_at) values (@realm, @extension, @id, @user, @now) on conflict do nothing", "realm", "extension", "id", "user", "now");
    private static readonly Statement Holder = new("select session_id from seats where realm = @realm and extension = @extension", "realm", "extension");

    /// <summary>Whether a text may be an extension: 2 to 15 digits (E.164), with a plus sign before them or not.</summary>
    public static bool IsExtension(string text) => Form().IsMatch(text);

    /// <summary>
    /// Takes an extension for a session, and gives up the one that the person had: a browser that was closed without signing out keeps nobody from their own desk, and nobody sits at two.
    /// </summary>
    public async Task<SeatClaim> ClaimAsync(Session session, string extension, string? clientId, string? address, CancellationToken stop)
    {
        if (!IsExtension(extension)) return Refused(session, extension, clientId, address, SeatClaim.Invalid, "invalid_device");
        SeatClaim claim;
        try
        {
            claim = await database.WriteAsync(async work =>
            {
                var (realm, id, user) = (session.Realm, session.Id, session.User);

                // Takes the session's row: an end of it waits, and then finds the seat.
                if (await Hold.ExecuteAsync(work, realm, id) == 0) return SeatClaim.Over;
                // Who is refused keeps the seat that they have.
                if (await Others.ScalarAsync(work, realm, extension, user, work.Now, work.Now - Late) is not null) return SeatClaim.Busy;
                for (var again = 0; !await TryTakeAsync(work, session, extension); again++)
                {
                    // Who holds it came in the same moment. The same person's other session loses it all the same, and one who has just left holds nothing.
                    var holder = await work.Connection.ExecuteScalarAsync<string?>("select user_id from seats where realm = @realm and extension = @extension", new { realm, extension }, work.Transaction);
                    if (again == Tries || (holder is not null && holder != user)) throw new LostSeat();
                }

                await work.AnnounceAsync(new Change("session.renewed", realm, id));
                await audit.WriteAsync(work, new AuditEvent { Realm = realm, Type = "SEAT_TAKEN", Client = clientId, User = user, Session = id, Address = address, Details = new Dictionary<string, string> { ["extension"] = extension } });
                return SeatClaim.Taken;
            }, stop);
        }
        catch (LostSeat)
        {
            claim = SeatClaim.Busy;
        }

        return claim == SeatClaim.Busy ? Refused(session, extension, clientId, address, claim, "device_busy") : claim;
    }

    /// <summary>Gives a session's extension up; false when it has none.</summary>
    public Task<bool> ReleaseAsync(Session session, string? clientId, string? address, CancellationToken stop) => database.WriteAsync(async work =>
    {
        if (await work.Connection.ExecuteScalarAsync<string?>("delete from seats where realm = @Realm and session_id = @Id returning extension", new { session.Realm, session.Id }, work.Transaction) is not { } extension) return false;
        await work.AnnounceAsync(new Change("session.renewed", session.Realm, session.Id));
        await audit.WriteAsync(work, new AuditEvent { Realm = session.Realm, Type = "SEAT_LEFT", Client = clientId, User = session.User, Session = session.Id, Address = address, Details = new Dictionary<string, string> { ["extension"] = extension } });
        return true;
    }, stop);

    /// <summary>The session and extension of the seat that a person has; null when they have none.</summary>
    public Task<(string Session, string Extension)?> OfUserAsync(string realm, string user, CancellationToken stop)
        => database.ReadAsync<(string Session, string Extension)?>(async connection => await OfUser.FirstAsync(connection, row => new Taken(row.GetString(0), row.GetString(1)), realm, user) is { } seat ? (seat.Session, seat.Extension) : null, stop);

    private static async Task<bool> TryTakeAsync(Work work, Session session, string extension)
    {
        var (realm, id, user, now, late) = (session.Realm, session.Id, session.User, work.Now, work.Now - Late);
        // Seldom anybody: asked first, since that costs less than to take nothing away.
        if (await Losers.ScalarAsync(work, realm, id, user, extension, now, late) is not null)
        {
            var losers = await work.Connection.QueryAsync<string>($"delete from seats where realm = @realm and session_id <> @id and (user_id = @user or (extension = @extension and not {Lives})) returning session_id", new { realm, id, user, extension, now, late }, work.Transaction);
            foreach (var loser in losers.Distinct()) await work.AnnounceAsync(new Change("session.renewed", realm, loser));
        }

        await Leave.ExecuteAsync(work, realm, id, extension);
        await Sit.ExecuteAsync(work, realm, extension, id, user, now);
        return await Holder.ScalarAsync(work, realm, extension) as string == id;
    }

    private sealed record Taken(string Session, string Extension);

    private SeatClaim Refused(Session session, string extension, string? clientId, string? address, SeatClaim claim, string error)
    {
        audit.Note(new AuditEvent { Realm = session.Realm, Type = "SEAT_TAKEN_ERROR", Client = clientId, User = session.User, Session = session.Id, Address = address, Error = error, Details = new Dictionary<string, string> { ["extension"] = extension.Length > 32 ? extension[..32] : extension } });
        return claim;
    }

    // Thrown, so that what was given up for the seat is given up in vain.
    private sealed class LostSeat() : Exception("Somebody else came first.");

    [GeneratedRegex(@"^\+?[0-9]{2,15}\z", RegexOptions.NonBacktracking)]
    private static partial Regex Form();
}
