using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text.Json;
using Dapper;
using Gatehouse.Storage;

namespace Gatehouse.SignIn;

/// <summary>Stored interactions. Sign-in page: <c>/realms/{realm}/sign-in?i={id}&amp;back={local path}</c>; sign-out page: <c>/realms/{realm}/sign-out?i={id}</c>. When an id is no longer known, the page sends the browser to <c>back</c>, which starts anew.</summary>
public sealed class Interactions(Database database, Beginnings beginnings, TimeProvider time)
{
    /// <summary>Stores a new one for <paramref name="life"/>, at a door where anybody may begin; fills in id and times. Throws <see cref="BeginningRefused"/> when there are too many from one network, or it is too large.</summary>
    public Task<Interaction> BeginAsync(Interaction draft, TimeSpan life, HttpContext context)
        => KeepAsync(draft, life, body => beginnings.Take(draft.Realm, context, body.Length), context.RequestAborted);

    /// <summary>As the other, for a person of whom the request is not at hand.</summary>
    public Task<Interaction> BeginAsync(Interaction draft, TimeSpan life, Origin origin, CancellationToken stop)
        => KeepAsync(draft, life, body => beginnings.Take(draft.Realm, origin.Network, origin.Address, body.Length), stop);

    /// <summary>Stores one that follows from something proven, as a session that ends: it is not counted.</summary>
    public Task<Interaction> KeepAsync(Interaction draft, TimeSpan life, CancellationToken stop) => KeepAsync(draft, life, static _ => { }, stop);

    private async Task<Interaction> KeepAsync(Interaction draft, TimeSpan life, Action<string> count, CancellationToken stop)
    {
        var now = time.GetUtcNow();
        var begun = draft with { Id = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(24)), BegunAt = now, EndsAt = now + life };
        var body = JsonSerializer.Serialize(begun);
        count(body);
        await database.WriteAsync(work => work.Connection.ExecuteAsync(
            "insert into interactions (id, realm, body, ends_at) values (@Id, @Realm, @body, @ends)",
            new { begun.Id, begun.Realm, body, ends = begun.EndsAt.ToUnixTimeMilliseconds() }, work.Transaction), stop);
        return begun;
    }

    /// <summary>By id; null when unknown or forgotten.</summary>
    public async Task<Interaction?> FindAsync(string realm, string id, CancellationToken stop)
    {
        if (id.Length > 64) return null;
        var body = await database.ReadAsync(connection => connection.ExecuteScalarAsync<string?>("select body from interactions where id = @id and realm = @realm", new { id, realm }), stop);
        return Alive(body);
    }

    /// <summary>Takes it: found once, then gone, so that a finished interaction cannot be replayed.</summary>
    public async Task<Interaction?> TakeAsync(string realm, string id, CancellationToken stop)
    {
        if (id.Length > 64) return null;
        var body = await database.WriteAsync(work => work.Connection.ExecuteScalarAsync<string?>("delete from interactions where id = @id and realm = @realm returning body", new { id, realm }, work.Transaction), stop);
        return Alive(body);
    }

    /// <summary>Stores what changed in it; no effect when it is gone.</summary>
    public Task ChangeAsync(Interaction changed, CancellationToken stop)
        => database.WriteAsync(work => work.Connection.ExecuteAsync("update interactions set body = @body where id = @Id", new { changed.Id, body = JsonSerializer.Serialize(changed) }, work.Transaction), stop);

    /// <summary>Notes the session that finished it.</summary>
    public Task FinishAsync(Work work, Interaction interaction, string session)
        => work.Connection.ExecuteAsync("update interactions set body = @body where id = @Id", new { interaction.Id, body = JsonSerializer.Serialize(interaction with { Session = session, Pending = null, Half = null }) }, work.Transaction);

    /// <summary>Address of the sign-in page of an interaction.</summary>
    public static string SignInPath(Interaction interaction, string back) => $"/realms/{interaction.Realm}/sign-in?i={interaction.Id}&back={Uri.EscapeDataString(back)}";

    /// <summary>Address of the page that asks for the code of the second factor.</summary>
    public static string CodePath(Interaction interaction, string back) => $"/realms/{interaction.Realm}/sign-in/code?i={interaction.Id}&back={Uri.EscapeDataString(back)}";

    /// <summary>Address of the page that asks for the seat of an interaction.</summary>
    public static string SeatPath(Interaction interaction, string back) => $"/realms/{interaction.Realm}/seat?i={interaction.Id}&back={Uri.EscapeDataString(back)}";

    /// <summary>Address of the sign-out page of an interaction.</summary>
    public static string SignOutPath(Interaction interaction) => $"/realms/{interaction.Realm}/sign-out?i={interaction.Id}";

    internal Task<int> PruneAsync(CancellationToken stop)
        => database.RepeatAsync(work => work.Connection.ExecuteAsync("delete from interactions where id in (select id from interactions where ends_at < @Now limit 1000)", new { work.Now }, work.Transaction), 1000, stop);

    private Interaction? Alive(string? body)
        => body is not null && JsonSerializer.Deserialize<Interaction>(body) is { } found && found.EndsAt > time.GetUtcNow() ? found : null;
}
