using Gatehouse.Clients;
using Gatehouse.People;
using Gatehouse.Sessions;
using Gatehouse.SignIn;
using Gatehouse.Terms;

namespace Gatehouse.Facades.Finesse;

/// <summary>Where people sit: nowhere (<c>none</c>), at a telephone of their own (<c>fixed</c>), or at the one that they name when they sign in (<c>mobility</c>, extension mobility).</summary>
internal sealed class Seating(Site site, Seats seats, Interactions interactions)
{
    public const string None = "none";
    public const string Fixed = "fixed";
    public const string Mobility = "mobility";

    /// <summary>Whether people have seats at all.</summary>
    public bool IsKept => site.Settings.Seats != None;

    /// <summary>A person's own extension; null when they have none.</summary>
    public static string? OwnOf(User user) => Modes.Attribute(user, Vendor.Extension) ?? Modes.Attribute(user, "extension");

    /// <summary>The session with its seat: as it is where none is needed, or after one's own was taken. Else what stands in the way, and the extension that the person must be asked for (empty: whichever they name; null: asking does not help). Where nobody can be asked (<paramref name="asks"/>), the extension is named later, by the REST API.</summary>
    public async Task<(Session? Session, ApiError? Error, string? Ask)> SitAsync(User user, Session session, Client client, bool asks, string? address, CancellationToken stop)
    {
        switch (site.Settings.Seats)
        {
            case Fixed:
                if (OwnOf(user) is not { } own) return (null, Errors.NoDevice, null);
                if (session.Extension == own) return (session, null, null);
                var error = await ClaimAsync(session, own, client, address, stop);
                return error is null ? (session with { Extension = own }, null, null) : (null, error, own);
            case Mobility when asks && site.Settings.SeatPage && session.Extension is null:
                return (null, Errors.NoSeat, "");
            default:
                return (session, null, null);
        }
    }

    /// <summary>Takes the seat that a sign-in by the REST API names; null when it is taken.</summary>
    public async Task<ApiError?> SignInAsync(User user, Session session, string? named, Client client, string? address, CancellationToken stop) => site.Settings.Seats switch
    {
        None => null,
        Fixed when OwnOf(user) is not { } own || (named is not null && named != own) => Errors.NoDevice,
        Fixed => await ClaimAsync(session, OwnOf(user)!, client, address, stop),
        _ => named is null ? Errors.Missing("extension") : await ClaimAsync(session, named, client, address, stop),
    };

    /// <summary>Sends the browser to the page that asks for the seat, and then to <paramref name="resume"/>.</summary>
    public async Task AskAsync(HttpContext context, Realm realm, Client client, User user, string seat, string resume, string payload, string back)
    {
        var interaction = await interactions.BeginAsync(new Interaction { Id = "", Realm = realm.Name, ClientId = client.ClientId, ClientName = client.Name, ResumePath = resume, Payload = payload, Seat = seat, SeatOf = user.Id }, realm.InteractionLife, context);
        Onward.Go(context, Interactions.SeatPath(interaction, back));
    }

    private async Task<ApiError?> ClaimAsync(Session session, string extension, Client client, string? address, CancellationToken stop)
        => await seats.ClaimAsync(session, extension, client.ClientId, address, stop) switch
        {
            SeatClaim.Taken => null,
            SeatClaim.Busy => Errors.Busy,
            SeatClaim.Over => Errors.Unknown,
            _ => Errors.NoDevice,
        };
}
