using System.Text.Json;
using Dapper;
using Gatehouse.Sessions;
using Gatehouse.Storage;
using Gatehouse.Wire.Saml;

namespace Gatehouse.Protocols.Saml;

/// <summary>An application that was given an assertion of a session.</summary>
/// <param name="Session">Session id.</param>
/// <param name="Client">Its entity ID.</param>
/// <param name="NameId">The name that it knows the person by.</param>
internal sealed record Participant(string Session, string Client, SamlNameId NameId);

/// <summary>Which applications take part in a session, so that the sign-out reaches them.</summary>
public sealed class Participants(Database database)
{
    /// <summary>Notes that an application was given an assertion; forgets sessions that are over.</summary>
    public Task NoteAsync(Session session, string client, SamlNameId name, CancellationToken stop) => database.WriteAsync(async work =>
    {
        await work.Connection.ExecuteAsync("delete from saml_participants where ends_at < @Now", new { work.Now }, work.Transaction);
        return await work.Connection.ExecuteAsync(
            "insert into saml_participants (realm, session_id, client, name_id, ends_at) values (@Realm, @Id, @client, @name, @ends) on conflict (realm, session_id, client) do update set name_id = excluded.name_id, ends_at = excluded.ends_at",
            new { session.Realm, session.Id, client, name = JsonSerializer.Serialize(name), ends = session.EndsAt.ToUnixTimeMilliseconds() }, work.Transaction);
    }, stop);

    /// <summary>Those of a session.</summary>
    internal Task<IReadOnlyList<Participant>> OfAsync(string realm, string session, CancellationToken stop) => ListAsync("realm = @realm and session_id = @session", new { realm, session }, stop);

    /// <summary>Sessions in which an application knows a person by that name; only those named, where some are.</summary>
    internal async Task<IReadOnlyList<Participant>> KnownAsAsync(string realm, string client, SamlNameId name, IReadOnlyCollection<string> sessions, CancellationToken stop)
        => [.. (await ListAsync("realm = @realm and client = @client and name_id = @name", new { realm, client, name = JsonSerializer.Serialize(name) }, stop)).Where(one => sessions.Count == 0 || sessions.Contains(one.Session))];

    private Task<IReadOnlyList<Participant>> ListAsync(string where, object values, CancellationToken stop)
        => database.ReadAsync<IReadOnlyList<Participant>>(async connection => (await connection.QueryAsync<(string Session, string Client, string Name)>($"select session_id, client, name_id from saml_participants where {where} order by client limit 100", values))
            .Select(row => new Participant(row.Session, row.Client, JsonSerializer.Deserialize<SamlNameId>(row.Name)!)).ToList(), stop);
}
